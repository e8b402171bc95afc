#pragma once

#include <tenon/net/reshaping.hpp>

namespace tenon {

/// y = x. Costs nothing; in `Concat<Identity, ...>` it is the branch that passes the input on.
/// PyTorch: nn.Identity. ONNX: Identity.
/// Shapes: any to the same. Gradient: dy.
///
///     using Net = Sequential<Input<8>, Concat<Identity, Sequential<Dense<4>, Tanh>>, Dense<2>>;
struct Identity {
  template <class In>
  struct at : detail::Reshaping<In, In> {};
  template <class In, Time Axis>
  static constexpr bool steps = true;
};

}  // namespace tenon
