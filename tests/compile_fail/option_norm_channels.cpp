// How many channels there are follows from the input.
// expect: layer<tenon::path<1>, tenon::BatchNorm2D<8>>
// expect: no_option_such_as<tenon::fixed_string<2>{"8"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 9, 9>, Conv2D<8, 3>, BatchNorm2D<8>>;
#else
using Net = Sequential<Input<1, 9, 9>, Conv2D<8, 3>, BatchNorm2D<affine<false>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
