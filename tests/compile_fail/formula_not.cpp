// Conditions are numbers, 0 or 1.
// expect: no_operator_of_formulas<tenon::fixed_string<2>{"!"}
// expect: 1 - a
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<select(!(x > 0), 0.1 * x, x)>>;
#else
using Net = Sequential<Dense<6, 5>, Map<select(1 - (x > 0), 0.1 * x, x)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
