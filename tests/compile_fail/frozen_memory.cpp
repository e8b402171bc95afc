// A network that needs more memory than it may: the error shows both numbers.
// expect: 5128 <= 4096
#include <tenon/edge/frozen.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/sequential.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 1280>, ReLU, Dense<2>>;
#else
using Net = Sequential<Dense<64, 128>, ReLU, Dense<2>>;
#endif

static_assert(Frozen<Net>::ram_bytes <= 4096);
