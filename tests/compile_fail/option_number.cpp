// The second number is no dropout rate.
// expect: layer<tenon::path<0>, tenon::Dense<9,
// expect: no_option_such_as<tenon::fixed_string<5>{"0.25"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<9, 0.25>, ReLU>;
#else
using Net = Sequential<Dense<9, 4>, ReLU>;
#endif

constexpr auto parameters = parameter_count<Net>;
