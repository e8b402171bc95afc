// A convolution masks nothing.
// expect: layer<tenon::path<0>, tenon::Conv2D<4, 3,
// expect: no_option_such_as<tenon::fixed_string<9>{"mask<-1>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 9, 9>, Conv2D<4, 3, mask<-1>>>;
#else
using Net = Sequential<Input<1, 9, 9>, Conv2D<4, 3, stride<2>, dilation<2>, groups<1>, bias<false>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
