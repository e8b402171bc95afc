#pragma once

#include <tenon/layers/convolution/unit.hpp>

namespace tenon {

/// The transpose of a convolution of signals,
///     y[o][t s + u d - p] += W[i][o][u] x[i][t],  then + b[o]:
/// ConvTranspose2D along one axis, with the same options.
///
/// Shapes: (in, L) to (out, (L - 1) s - 2 p + d (k - 1) + output padding + 1). Parameters: weight
/// (in, out / groups, k), bias (out). Gradients as ConvTranspose2D's. PyTorch: nn.ConvTranspose1d.
/// ONNX: ConvTranspose.
///
///     using Up = Sequential<Input<8, 16>, ConvTranspose1D<4, 4, stride<2>, padding<1>>>;  // to 4 x 32
template <auto... Argument>
struct ConvTranspose1D : detail::ConvolutionLayer<1, true, Argument...> {};

}  // namespace tenon
