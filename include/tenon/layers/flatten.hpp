#pragma once

#include <tenon/net/reshaping.hpp>

namespace tenon {

/// A sample of any shape as one vector: `Shape<8, 5, 5>` becomes `Shape<200>`. No number moves; of an image
///     y[(c H + i) W + j] = x[c][i][j].
/// PyTorch: nn.Flatten. ONNX: Flatten.
/// Shapes: any to (size). Gradient: dy in x's shape.
///
///     using Net = Sequential<Input<1, 28, 28>, Conv2D<8, 5>, ReLU, Flatten, Dense<10>>;
struct Flatten {
  template <class In>
  struct at : detail::Reshaping<In, flatten<In>> {};
};

}  // namespace tenon
