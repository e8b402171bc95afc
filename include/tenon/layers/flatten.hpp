#pragma once

#include <tenon/net/reshaping.hpp>

namespace tenon {

/// A sample of any shape as one vector: `Shape<8, 5, 5>` becomes `Shape<200>`. No number moves; of an image
///     y[(c H + i) W + j] = x[c][i][j].
/// PyTorch: nn.Flatten. ONNX: Flatten.
struct Flatten {
  template <class In>
  struct at : detail::Reshaping<In, flatten<In>> {};
};

}  // namespace tenon
