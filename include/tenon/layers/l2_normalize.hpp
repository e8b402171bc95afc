#pragma once

#include <tenon/layers/map.hpp>
#include <tenon/layers/normalization.hpp>

namespace tenon {

/// Scales the features of a sample (of a step, in sequences) to length 1:
/// y = x / max(norm(x), epsilon).
///
/// Options: `epsilon<1e-12>`. Shapes: any to the same.
/// Gradient: dx = (dy - y * sum(dy * y)) / norm(x); a sample of zeros stays one, with dx = dy /
/// epsilon. PyTorch: F.normalize(x, dim=-1). ONNX: LpNormalization(p = 2).
///
///     using Embedding = Sequential<Dense<784, 128>, ReLU, Dense<128, 32>, L2Normalize<>>;
template <auto... Option>
struct L2Normalize : Map<x / max(norm(x), detail::epsilon_in(1e-12, Option...))> {
  using invalid = detail::options_fault<option::epsilon, Option...>;
};

}  // namespace tenon
