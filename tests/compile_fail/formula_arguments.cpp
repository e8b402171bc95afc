// A function with other arguments than it takes says how it is written.
// expect: wrong_arguments_in_a_formula<tenon::write
// expect: "select(condition, a, b)"
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<select(x < 2, x)>>;
#else
using Net = Sequential<Dense<6, 5>, Map<select(x < 2, x, 2)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
