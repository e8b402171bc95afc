#pragma once

#include <tenon/layers/convolution/unit.hpp>

namespace tenon {

/// The transpose of a convolution: every number of x puts a weighted window down, and windows that
/// overlap add up. With x[i] as the map of a Conv2D it is what that calls dx:
///
///     y[o][r s + u d - p][c s + v d - p] += W[i][o][u][v] x[i][r][c],  then + b[o].
///
/// `ConvTranspose2D<Out, Kernel>` or `ConvTranspose2D<In, Out, Kernel>`; the options of Conv2D, and
/// `output_padding<1>` for rows and columns more at the end. Dumoulin and Visin 2016. Shapes: (in, H, W)
/// to (out, (H - 1) s - 2 p + d (k - 1) + output padding + 1, ...). Parameters: weight
/// (in, out / groups, kh, kw), bias (out), both U(-1/sqrt(n), 1/sqrt(n)) with n = out / groups kh kw, as
/// PyTorch counts. Gradients: dx is the convolution of dy with W. PyTorch: nn.ConvTranspose2d.
/// ONNX: ConvTranspose.
///
///     using Up = Sequential<Input<8, 7, 7>, ConvTranspose2D<4, 2, stride<2>>>;  // to 4 x 14 x 14
template <auto... Argument>
struct ConvTranspose2D : detail::ConvolutionLayer<2, true, Argument...> {};

}  // namespace tenon
