#pragma once

#include <tenon/layers/pooling/max.hpp>

namespace tenon {

/// The largest number of each window of a signal, y[c][t] = max over u of x[c][t s + u d - p]: MaxPool2D
/// along one axis, with the same options.
///
/// Shapes: (C, L) to (C, floor((L + 2 p - d (k - 1) - 1) / s) + 1). Gradient: dy goes to the first number
/// of the window that is the largest. PyTorch: nn.MaxPool1d. ONNX: MaxPool.
///
///     using Net = Sequential<Input<1, 64>, Conv1D<8, 3>, ReLU, MaxPool1D<2>, Flatten, Dense<10>>;
template <auto... Argument>
struct MaxPool1D : detail::PoolLayer<1, detail::MaxPoolUnit, 0, Argument...> {};

}  // namespace tenon
