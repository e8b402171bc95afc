#pragma once

#include <tenon/layers/pooling/average.hpp>

namespace tenon {

/// The mean of each window of a signal, y[c][t] = 1 / k sum over u of x[c][t s + u d - p]: AvgPool2D along
/// one axis, with the same options.
///
/// Shapes: (C, L) to (C, floor((L + 2 p - d (k - 1) - 1) / s) + 1). Gradient: every number of a window
/// gets dy / k. PyTorch: nn.AvgPool1d. ONNX: AveragePool.
///
///     using Net = Sequential<Input<1, 64>, Conv1D<8, 3>, Tanh, AvgPool1D<4>, Flatten, Dense<10>>;
template <auto... Argument>
struct AvgPool1D : detail::PoolLayer<1, detail::AvgPoolUnit, option::count_include_pad, Argument...> {};

}  // namespace tenon
