// One number for a whole sample is not a layer's output.
// expect: layer<tenon::path<1>,
// expect: takes<tenon::a_formula_with_a_number_for_each_feature>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/map.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Map<mean(x)>>;
#else
using Net = Sequential<Dense<784, 64>, Map<x - mean(x)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
