#pragma once

#include <tenon/net/reshaping.hpp>

namespace tenon {

/// y = x. Costs nothing; in `Concat<Identity, ...>` it is the branch that hands the input on.
/// PyTorch: nn.Identity. ONNX: Identity.
struct Identity {
  template <class In>
  struct at : detail::Reshaping<In, In> {};
  template <class In, Time Axis>
  static constexpr bool steps = true;
};

}  // namespace tenon
