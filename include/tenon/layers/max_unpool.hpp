#pragma once

#include <tenon/layers/pooling/max.hpp>
#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>

namespace tenon {

/// What MaxUnpool's first element should have been.
struct a_max_pool_whose_windows_lie_apart;

namespace detail {

/// What a pool and its unpool keep beside the chain: what the chain gave, if its backward reads that.
struct UnpoolPlan {
  Slot chain{};
  Place given{};
  Layout layout{};
  std::size_t room = 0;  // of one sample of what the chain gives
};

constexpr UnpoolPlan plan_unpool(const Layout& chain) {
  UnpoolPlan plan{.room = aligned(chain.output_size)};
  plan.layout.input_size = plan.layout.output_size = chain.input_size;
  place_child(plan.layout, chain, plan.chain);
  Needs& needs = plan.layout.needs;
  const bool kept = chain.needs.backward_reads_output;
  needs.backward_reads_input = true;
  plan.given = kept ? Place{Place::saved, needs.saved_sample} : Place{Place::scratch, 0};
  needs.saved_sample += kept ? plan.room : 0;
  needs.forward_scratch_sample = plan.room + aligned(chain.needs.forward_scratch_sample);
  needs.inference_scratch_sample = plan.room + aligned(chain.needs.inference_scratch_sample);
  needs.backward_scratch_sample = plan.room + aligned(chain.needs.backward_scratch_sample);
  return plan;
}

template <class Bound>
concept PoolsLargest = requires { Bound::pooling; };

template <class Bound>
inline constexpr kernels::Pooling pooling_of{};
template <PoolsLargest Bound>
inline constexpr kernels::Pooling pooling_of<Bound> = Bound::pooling;

template <class Whole, class In, class Pool, class... L>
struct BoundMaxUnpool {
private:
  using chain = chain_at<In, Pool, L...>;
  using pool = typename seat<unnamed<Pool>, In, path<0>, from_input>::bound;
  static constexpr kernels::Pooling pooling = pooling_of<pool>;
  static constexpr UnpoolPlan plan = plan_unpool(layout_of<chain>);
  static constexpr std::size_t size = chain::output::size;

public:
  using input = In;
  using output = In;
  using elements = typename chain::elements;
  using mistakes = typename must_give<chain, typename pool::output, Whole>::type;

  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;
  static constexpr const Tree& tree = chain::tree;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode mode) {
    const Place place = Mode::training ? plan.given : Place{Place::scratch, 0};
    const Rows<T> given = rows_at(memory, place, y.count, size);
    run_forward<chain>(ctx, memory_of(memory, plan.chain, y.count, plan.room), x, given, mode);
    for (std::size_t i = 0; i < y.count; ++i) kernels::max_unpool<T>(pooling, x[i], given[i], y[i]);
  }

  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (!dx && layout.fixed()) return;
    const Rows<T> sent_back = rows_at(memory, Place{Place::scratch, 0}, dy.count, size);
    Rows<const T> given{nullptr, dy.count, size};
    if (plan.given.where == Place::saved) given = rows_at(memory, plan.given, dy.count, size);
    for (std::size_t i = 0; i < dy.count; ++i) kernels::max_unpool_gradient<T>(pooling, x[i], dy[i], sent_back[i]);
    run_backward<chain>(ctx, memory_of(memory, plan.chain, dy.count, plan.room), x, given, Rows<const T>(sent_back), dx);
  }

  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    chain::visit_units(visit);
  }
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
