// An image flattened has as many features as it has numbers.
// expect: layer<tenon::path<1>, tenon::Dense<700, 10>>
// expect: takes<tenon::Shape<700>>, tenon::but_gets<tenon::Shape<784>>
// expect: from_layer<tenon::path<0>, tenon::Flatten>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 28, 28>, Flatten, Dense<700, 10>>;
#else
using Net = Sequential<Input<1, 28, 28>, Flatten, Dense<784, 10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
