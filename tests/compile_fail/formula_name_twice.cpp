// One name, two parameters: a file of weights could not tell them apart.
// expect: Map<tenon::fixed_string<34>{"param<\"s\"> * x + tanh(param<\"s\">)"}>
// expect: takes<tenon::one_shape_and_one_initializer_of<tenon::fixed_string<2>{"s"}>>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<param<"s", PerFeature> * x + tanh(param<"s">)>>;
#else
using Net = Sequential<Dense<6, 5>, Map<param<"s", PerFeature> * x + tanh(param<"s", PerFeature>)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
