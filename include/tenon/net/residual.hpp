#pragma once

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_units.hpp>

namespace tenon {

namespace detail {

template <class Whole, class In, class... L>
struct BoundResidual : BoundGraph<In, In, OutputValues<2>, NodeAt<chain_at<In, L...>, 0>, NodeAt<SumOf<In>, 1, 0>> {
private:
  using branch = chain_at<In, L...>;

public:
  using elements = typename branch::elements;
  using mistakes = typename must_give<branch, In, Whole>::type;
  static constexpr const Tree& tree = branch::tree;
};

}  // namespace detail

/// y = x + chain(x), the chain being L... one after the other; it gives the shape it takes.
/// dx = dy + the chain's own. Parameters are named like a Sequential's: `2.0.weight`.
/// PyTorch: x + self.body(x). ONNX: Add.
///
///     using Net = Sequential<Dense<30, 64>, Residual<Dense<64>, ReLU, Dense<64>>, ReLU, Dense<10>>;
template <class... L>
struct Residual {
  template <class In>
  struct at : detail::BoundResidual<Residual, In, L...> {};
};

namespace detail {

template <class... L>
struct declared_input<Residual<L...>> : declared_input<Sequential<L...>> {};

}  // namespace detail

template <class... L>
struct composition<Residual<L...>> : detail::described<Structure::residual, L...> {
  template <class... Part>
  using with = Residual<Part...>;
};

}  // namespace tenon
