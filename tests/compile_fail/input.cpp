// What the network says it is given, against its first layer.
// expect: layer<tenon::path<0>, tenon::Dense<784, 10>>
// expect: takes<tenon::Shape<784>>, tenon::but_gets<tenon::Shape<100>>
// expect: from_layer<tenon::path<>, tenon::Input<100>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<100>, Dense<784, 10>>;
#else
using Net = Sequential<Input<784>, Dense<784, 10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
