// Nothing could be learned in front of a step.
// expect: layer<tenon::path<1>,
// expect: takes<tenon::a_formula_with_a_derivative_or_straight_through>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/map.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Map<select(x > 0, 1, 0)>>;
#else
using Net = Sequential<Dense<784, 64>, Map<straight_through(select(x > 0, 1, 0), clamp(x, -1, 1))>>;
#endif

constexpr auto parameters = parameter_count<Net>;
