#pragma once

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>

namespace tenon {

/// Layers one after the other, each fed with the output of the one before:
///     y = f_n(... f_2(f_1(x)))
/// PyTorch: nn.Sequential, with the same parameter names.
///
///     using Net = Sequential<Dense<784, 128>, ReLU, Dense<128, 10>>;
template <class... L>
struct Sequential {
  template <class In>
  struct at : detail::chain_at<In, L...> {};
};

template <class... L>
struct composition<Sequential<L...>> : detail::described<Structure::chain, L...> {
  template <class... Part>
  using with = Sequential<Part...>;
};

}  // namespace tenon
