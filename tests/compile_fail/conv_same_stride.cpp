// Padding to the same size goes with stride 1, as in PyTorch.
// expect: invalid_layer<tenon::layer<tenon::path<0>, tenon::Conv2D<16, 3
// expect: takes<tenon::padding_same_with_stride_1>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 8>, Conv2D<16, 3, stride<2>, padding<same>>, ReLU>;
#else
using Net = Sequential<Input<1, 8, 8>, Conv2D<16, 3, padding<same>>, ReLU>;
#endif

constexpr auto parameters = parameter_count<Net>;
