// In int8 a layer without a step of its own is named.
// expect: cannot_run<tenon::layer<tenon::path<0, 1>, tenon::Map<
// expect: tenon::in_int8>
#include <tenon/edge/quantized.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<4, 8>, Residual<Dense<8>, Map<x - mean(x)>>, Dense<2>>;
#else
using Net = Sequential<Input<4, 8>, Residual<Dense<8>, ReLU>, Dense<2>>;
#endif

constexpr std::size_t arena = Quantized<Net>::ram_bytes;
