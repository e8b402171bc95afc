#pragma once

#include <tenon/layers/pooling/max.hpp>

namespace tenon {

/// The largest number of each window, y[c][r][q] = max over u, v of x[c][r s + u d - p][q s + v d - p].
///
/// `MaxPool2D<2>` halves an image; the stride is the kernel unless `stride<...>` says otherwise. Options:
/// `stride<2>`, `padding<1>` (at most half the kernel; what is outside is never the largest),
/// `dilation<2>`; `kernel<2, 3>` and the like by height and width. Shapes: (C, H, W) to
/// (C, floor((H + 2 p - d (k - 1) - 1) / s) + 1, ...). Gradient: dy goes to the first number of the
/// window that is the largest. A NaN passes through. PyTorch: nn.MaxPool2d. ONNX: MaxPool.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<6, 5>, ReLU, MaxPool2D<2>, Flatten, Dense<10>>;
template <auto... Argument>
struct MaxPool2D : detail::PoolLayer<2, detail::MaxPoolUnit, 0, Argument...> {};

}  // namespace tenon
