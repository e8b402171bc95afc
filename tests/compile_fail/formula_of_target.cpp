// A layer knows its input and its parameters; what a loss compares with is unknown to it.
// expect: layer<tenon::path<1>,
// expect: takes<tenon::a_formula_of_x_and_parameters>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/map.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Map<x - target>>;
#else
using Net = Sequential<Dense<784, 64>, Map<x - param<"target", PerFeature>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
