// ^ is no power in C++.
// expect: no_operator_of_formulas<tenon::fixed_string<2>{"^"}
// expect: pow(a, b), or square(a)
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<x ^ 3>>;
#else
using Net = Sequential<Dense<6, 5>, Map<pow(x, 3)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
