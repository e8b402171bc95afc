// Conditions are numbers, 0 or 1.
// expect: no_operator_of_formulas<tenon::fixed_string<3>{"||"}
// expect: max(a, b): 1 where a or b is
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<select(x<-1 || x> 1, 1, x)>>;
#else
using Net = Sequential<Dense<6, 5>, Map<select(max(x<-1, x> 1), 1, x)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
