#pragma once

#include <tenon/layers/convolution/unit.hpp>

namespace tenon {

/// A convolution of images (in deep learning's sense: a correlation),
///
///     y[o][r][c] = b[o] + sum over i, u, v of W[o][i][u][v] x[i][r s + u d - p][c s + v d - p]
///
/// with stride s, dilation d and p zeros around x. LeCun et al. 1989.
///
/// `Conv2D<Out, Kernel>` takes its channels from the layer before, `Conv2D<In, Out, Kernel>` states and
/// checks them. Options, in any order: `stride<2>`, `padding<1>`, `padding<same>` (stride 1),
/// `padding<full>`, `dilation<2>`, `groups<4>` (as many as channels: depthwise), `bias<false>`,
/// `init<HeNormal>`; `stride<2, 1>` and the like by height and width, and `kernel<3, 5>` instead of one
/// size; without groups, for runs in int8, `weight_bits<4>` and `per_tensor<true>` (docs/guides/microcontrollers.md).
/// Shapes: (in, H, W) to (out, floor((H + 2 p - d (k - 1) - 1) / s) + 1, ...).
/// Parameters: weight (out, in / groups, kh, kw), bias (out), both U(-1/sqrt(n), 1/sqrt(n)) with n the
/// numbers that meet in one output. Gradients: dx is the transposed convolution of dy with W, dW the
/// correlation of x with dy, db the sum of dy. PyTorch: nn.Conv2d. ONNX: Conv.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, Flatten, Dense<10>>;
template <auto... Argument>
struct Conv2D : detail::ConvolutionLayer<2, false, Argument...> {};

}  // namespace tenon
