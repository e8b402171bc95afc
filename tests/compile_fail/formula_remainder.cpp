// Formulas have no remainder, and no bits.
// expect: no_operator_of_formulas<tenon::fixed_string<2>{"%"}
// expect: a layer of your own
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<x % 2>>;
#else
using Net = Sequential<Dense<6, 5>, Map<x / 2>>;
#endif

constexpr auto parameters = parameter_count<Net>;
