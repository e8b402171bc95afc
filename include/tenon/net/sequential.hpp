#pragma once

#include <tenon/net/chain.hpp>

namespace tenon {

/// Layers one after the other, each fed with the output of the one before:
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<128, 10>>;
///
/// PyTorch: nn.Sequential, with the same parameter names.
template <class... L>
struct Sequential {
  template <class In>
  struct at : detail::chain_at<In, L...> {};
};

}  // namespace tenon
