// A rate is at least 0 and below 1.
// expect: invalid_layer<tenon::layer<tenon::path<1>, tenon::Dropout<1.5
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Dropout<1.5>, Dense<64, 10>>;
#else
using Net = Sequential<Dense<784, 64>, Dropout<0.5>, Dense<64, 10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
