// Of two strides one would be forgotten.
// expect: layer<tenon::path<0>, tenon::Conv1D<4, 3,
// expect: this_option_once<tenon::fixed_string<10>{"stride<3>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 9>, Conv1D<4, 3, stride<2>, padding<1>, stride<3>>>;
#else
using Net = Sequential<Input<1, 9>, Conv1D<4, 3, stride<2>, padding<1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
