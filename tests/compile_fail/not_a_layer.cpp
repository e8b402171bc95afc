// Something else stands among the layers.
// expect: not_a_layer<tenon::path<1>, int>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, int, Dense<64, 10>>;
#else
using Net = Sequential<Dense<784, 64>, ReLU, Dense<64, 10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
