// Only what makes images larger has padding of its output.
// expect: no_option_such_as<tenon::fixed_string<18>{"output_padding<1>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 9, 9>, Conv2D<4, 3, stride<2>, output_padding<1>>>;
#else
using Net = Sequential<Input<1, 9, 9>, ConvTranspose2D<4, 3, stride<2>, output_padding<1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
