// A layer of no size.
// expect: invalid_layer<tenon::layer<tenon::path<0>, tenon::Dense<0, 10>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<0, 10>, ReLU>;
#else
using Net = Sequential<Dense<784, 10>, ReLU>;
#endif

constexpr auto parameters = parameter_count<Net>;
