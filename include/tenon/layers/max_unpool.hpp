#pragma once

#include <tenon/layers/pooling/max.hpp>
#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/graph_units.hpp>

namespace tenon {

/// What MaxUnpool's first element should have been.
struct a_max_pool_whose_windows_lie_apart;

namespace detail {

template <class Bound>
concept PoolsLargest = requires {
  Bound::pooling;
};

template <class Bound>
inline constexpr kernels::Pooling pooling_of{};
template <PoolsLargest Bound>
inline constexpr kernels::Pooling pooling_of<Bound> = Bound::pooling;

/// Puts the numbers of the second input to the places where the largest of the first were.
template <class In, class Pooled, class Pool>
struct UnpoolUnit {
  using input = Inputs<In, Pooled>;
  using output = In;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = 1};
  static constexpr std::uint32_t sends = 2;
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<T> y, Mode) {
    for (size_t i = 0; i < y.count; ++i) kernels::max_unpool<T>(pooling_of<Pool>, x[0][i], x[1][i], y[i]);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, const Memory<T>&, const RowsOf<const T, 2>& x, Rows<const T>, Rows<const T> dy,
                                 const RowsOf<T, 2>& dx) {
    if (!dx[1]) return;
    for (size_t i = 0; i < dy.count; ++i) kernels::max_unpool_gradient<T>(pooling_of<Pool>, x[0][i], dy[i], dx[1][i]);
  }
};

template <class In, class Pool>
using bound_pool = typename bind_at<unnamed<Pool>, In, path<0>, from_input>::bound;

template <class Whole, class In, class Pool, class... L>
struct BoundMaxUnpool
    : BoundGraph<In, In, OutputValues<2>, NodeAt<chain_at<In, Pool, L...>, 0>,
                 NodeAt<UnpoolUnit<In, typename chain_at<In, Pool, L...>::output, bound_pool<In, Pool>>, 0, 1>> {
private:
  using chain = chain_at<In, Pool, L...>;

public:
  using elements = typename chain::elements;
  using mistakes = typename must_give<chain, typename bound_pool<In, Pool>::output, Whole>::type;
  static constexpr Tree tree = with_last_pass(chain::tree, "MaxUnpool");
};

}  // namespace detail

/// A pool, what happens to the pooled image, and the way back: with n = L...(Pool(x)), y is zero but for
/// y[place of the window's largest number in x] = n[window]. The pool and its unpool are one type, so
/// that they cannot be mismatched; the places are found again in x, and nothing is stored for them.
/// Zeiler and Fergus 2014; SegNet (Badrinarayanan et al. 2015) is MaxUnpools within MaxUnpools.
///
/// L... gives back the shape that the pool gives; the pool's windows lie apart (stride at least the
/// kernel's extent). Shapes: (C, H, W) to the same. Gradients: n gets dy at the places, the rest is the
/// chain's own. Parameters are named like a Sequential's, the pool being 0: `2.1.weight`.
/// PyTorch: nn.MaxPool2d(return_indices=True) and nn.MaxUnpool2d. ONNX: MaxPool, MaxUnpool.
///
///     using Net = Sequential<Input<8, 28, 28>, MaxUnpool<MaxPool2D<2>, Conv2D<8, 3, padding<same>>, ReLU>>;
template <class Pool, class... L>
struct MaxUnpool {
private:
  using pool = detail::unnamed<Pool>;
  template <class In>
  static consteval bool fits() {
    using bound = typename pool::template at<In>;
    if constexpr (detail::PoolsLargest<bound>) return bound::pooling.apart();
    else return !std::is_void_v<detail::problem_of<pool, In>> || !std::is_void_v<detail::fault_of<pool>>;
  }

public:
  /// A pool that does not take In says so itself.
  template <class In>
  using problem = std::conditional_t<fits<In>(), void, takes<a_max_pool_whose_windows_lie_apart>>;
  template <class In>
  struct at : detail::BoundMaxUnpool<MaxUnpool, In, Pool, L...> {};
};

namespace detail {

template <class... L>
struct declared_input<MaxUnpool<L...>> : declared_input<Sequential<L...>> {};

}  // namespace detail

template <class Pool, class... L>
struct composition<MaxUnpool<Pool, L...>> : detail::described<Structure::unpool, Pool, L...> {
  template <class... Part>
  using with = MaxUnpool<Part...>;
};

}  // namespace tenon
