#pragma once

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_units.hpp>
#include <tenon/net/scale_channels.hpp>

namespace tenon {

namespace detail {

template <class Whole, class In, class... L>
struct BoundGate : BoundGraph<In, In, OutputValues<2>, NodeAt<chain_at<In, L...>, 0>,
                              NodeAt<ScaleChannelsUnit<In, Shape<In::front>>, 0, 1>> {
private:
  using branch = chain_at<In, L...>;

public:
  using elements = typename branch::elements;
  using mistakes = typename must_give<branch, Shape<In::front>, Whole>::type;
  static constexpr Tree tree = with_last_pass(branch::tree, "Gate");
};

}  // namespace detail

/// y[c] = s[c] x[c] with s = chain(x), the chain being L... and giving one factor for each channel. Gradients:
/// dx = s dy + the chain's own, ds[c] = sum over the channel of x dy. Parameters are named like a Sequential's.
/// PyTorch: x * self.body(x). ONNX: Mul.
///
///     using Block = Gate<GlobalAvgPool, Dense<8>, ReLU, Dense<32>, Sigmoid>;
template <class... L>
struct Gate {
  template <class In>
  struct at : detail::BoundGate<Gate, In, L...> {};
};

namespace detail {

template <class... L>
struct declared_input<Gate<L...>> : declared_input<Sequential<L...>> {};

}  // namespace detail

template <class... L>
struct composition<Gate<L...>> : detail::described<Structure::gate, L...> {
  template <class... Part>
  using with = Gate<Part...>;
};

}  // namespace tenon
