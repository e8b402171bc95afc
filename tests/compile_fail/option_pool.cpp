// A pool learns nothing.
// expect: layer<tenon::path<0>, tenon::AvgPool2D<3,
// expect: no_option_such_as<tenon::fixed_string<15>{"init<HeNormal>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 9, 9>, AvgPool2D<3, init<HeNormal>>>;
#else
using Net = Sequential<Input<1, 9, 9>, AvgPool2D<3, stride<2>, count_include_pad<false>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
