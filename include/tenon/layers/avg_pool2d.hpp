#pragma once

#include <tenon/layers/pooling/average.hpp>

namespace tenon {

/// The mean of each window, y[c][r][q] = 1 / (kh kw) sum over u, v of x[c][r s + u d - p][q s + v d - p].
///
/// `AvgPool2D<2>` halves an image; the stride is the kernel unless `stride<...>` says otherwise. Options:
/// `stride<2>`, `padding<1>` (at most half the kernel), `dilation<2>`, `count_include_pad<false>` (the mean
/// is of the numbers inside the image only); `kernel<2, 3>` and the like by height and width.
/// Shapes: (C, H, W) to (C, floor((H + 2 p - d (k - 1) - 1) / s) + 1, ...). Gradient: every number of a
/// window gets dy / (kh kw). PyTorch: nn.AvgPool2d. ONNX: AveragePool.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5>, Tanh, AvgPool2D<2>, Flatten, Dense<10>>;
template <auto... Argument>
struct AvgPool2D : detail::PoolLayer<2, detail::AvgPoolUnit, option::count_include_pad, Argument...> {};

}  // namespace tenon
