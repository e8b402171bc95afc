// The compiler does not know on which side a number is.
// expect: a_number_and_no_formula<
// expect: select(c, a, b), not c ? a : b
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<(x < 0 ? 0.1 * x : x)>>;
#else
using Net = Sequential<Dense<6, 5>, Map<select(x < 0, 0.1 * x, x)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
