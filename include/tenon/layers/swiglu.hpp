#pragma once

#include <tenon/layers/map.hpp>

namespace tenon {

/// GLU with Swish as its gate: with x cut into halves a and b, y = a * sigmoid(a) * b.
/// Shazeer 2020; what LLaMA's feed-forward blocks use.
///
/// Shapes: (2 n) to (n); (time, 2 n) to (time, n). Gradients: da = s * (1 + a * (1 - s)) * b * dy
/// with s = sigmoid(a), db = a * s * dy. PyTorch has none. ONNX: Split, Sigmoid, Mul, Mul.
///
///     using FeedForward = Sequential<Dense<64, 256>, SwiGLU, Dense<128, 64>>;
struct SwiGLU : Map<chunk<0, 2>(x) * sigmoid(chunk<0, 2>(x)) * chunk<1, 2>(x)> {};

}  // namespace tenon
