// A formula has an x.
// expect: a_number_and_no_formula<
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<1.5>>;
#else
using Net = Sequential<Dense<6, 5>, Map<1.5 * x>>;
#endif

constexpr auto parameters = parameter_count<Net>;
