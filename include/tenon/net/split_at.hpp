#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/net/check.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/plan.hpp>
#include <tenon/net/run.hpp>
#include <tenon/net/tree.hpp>

namespace tenon {

/// Sequences of more steps than those of the first part, and parts whose results go one behind the other.
template <std::size_t First>
struct sequences_longer_than;

namespace detail {

/// The first N steps, and the others.
template <std::size_t N, class S>
struct split_shape {
  using first = S;
  using rest = S;
};
template <std::size_t N, std::size_t T, std::size_t... D>
  requires(T > N)
struct split_shape<N, Shape<T, D...>> {
  using first = Shape<N, D...>;
  using rest = Shape<T - N, D...>;
};

/// Both results behind each other; where they are unlike, as if the second's steps were those of the first, so that one
/// mistake gives one error.
template <class A, class B>
struct split_output {
  using type = A;
};
template <std::size_t N, std::size_t... D, class B>
struct split_output<Shape<N, D...>, B> {
  using type = Shape<N + B::front, D...>;
};

/// Two layers, each with its part of the input and of the output.
struct SplitPlan {
  std::array<Slot, 2> slots{};
  Layout layout{};
};
constexpr SplitPlan plan_split(const std::array<Layout, 2>& parts) {
  SplitPlan plan;
  Needs& needs = plan.layout.needs;
  needs.backward_reads_input = needs.backward_reads_output = false;
  for (std::size_t k = 0; k < 2; ++k) {
    const Layout& part = parts[k];
    place_child(plan.layout, part, plan.slots[k]);
    plan.layout.input_size += part.input_size;
    plan.layout.output_size += part.output_size;
    needs.backward_reads_input |= part.needs.backward_reads_input;
    needs.backward_reads_output |= part.needs.backward_reads_output;
    needs.forward_scratch_sample = std::max(needs.forward_scratch_sample, aligned(part.needs.forward_scratch_sample));
    needs.backward_scratch_sample = std::max(needs.backward_scratch_sample, aligned(part.needs.backward_scratch_sample));
    needs.inference_scratch_sample = std::max(needs.inference_scratch_sample, aligned(part.needs.inference_scratch_sample));
  }
  return plan;
}

template <class Whole, std::size_t N, class In, class A, class B>
struct BoundSplit {
private:
  using shapes = split_shape<N, In>;
  using seat_a = seat<unnamed<A>, typename shapes::first, typename element<A>::template path_at<0>, from_input>;
  using seat_b = seat<unnamed<B>, typename shapes::rest, typename element<B>::template path_at<1>, from_input>;
  using first = typename seat_a::bound;
  using rest = typename seat_b::bound;
  static constexpr SplitPlan plan = plan_split({layout_of<first>, layout_of<rest>});

public:
  using input = In;
  using output = typename split_output<typename seat_a::output, typename seat_b::output>::type;
  using elements = list<Element<A, typename seat_a::output>, Element<B, typename seat_b::output>>;
  using mistakes = join<decltype(judge_names<A, B>()), typename seat_a::mistakes, typename must_join<seat_b, typename seat_a::output, Whole>::type>;

  static constexpr Layout layout = plan.layout;
  static constexpr Needs needs = layout.needs;
  static constexpr std::array<ElementInfo, 2> infos{element_info<A, typename seat_a::output>(), element_info<B, typename seat_b::output>()};
  static constexpr std::array<Branch, 2> branches{branch_of<first>(0, 1), branch_of<rest>(1, 1)};
  static constexpr Tree tree{
      .kind = TreeKind::composition, .elements = infos.data(), .element_count = 2, .units = branches.data(), .unit_count = 2};

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<T> y, Mode mode) {
    forward_part<0, first>(ctx, memory, x, y, mode);
    forward_part<1, rest>(ctx, memory, x, y, mode);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    backward_part<0, first>(ctx, memory, x, y, dy, dx);
    backward_part<1, rest>(ctx, memory, x, y, dy, dx);
  }
  template <class Visit>
  static constexpr void visit_units(Visit&& visit) {
    visit.template operator()<first>();
    visit.template operator()<rest>();
  }

private:
  static constexpr std::size_t in_place = first::input::size, out_place = first::output::size;

  template <std::size_t K, class T>
  static constexpr Rows<T> part(Rows<T> rows, std::size_t place) {
    return {K == 0 ? rows.data : advance(rows.data, place), rows.count, rows.stride};
  }
  template <std::size_t K, class T>
  static constexpr Memory<T> memory_of_part(const Memory<T>& memory, std::size_t batch) {
    Memory<T> own = memory_of(memory, plan.slots[K], batch, 0);
    if (K == 1) own.mask = advance(own.mask, N);
    return own;
  }
  template <std::size_t K, class Bound, class Ctx, class T, class Mode>
  static constexpr void forward_part(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<T> y, Mode mode) {
    if constexpr (Passthrough<Bound>) copy_rows(part<K>(x, in_place), part<K>(y, out_place), Bound::output::size);
    else run_forward<Bound>(ctx, memory_of_part<K>(memory, y.count), part<K>(x, in_place), part<K>(y, out_place), mode);
  }
  template <std::size_t K, class Bound, class Ctx, class T>
  static constexpr void backward_part(Ctx& ctx, const Memory<T>& memory, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    if constexpr (Passthrough<Bound>) {
      if (dx) copy_rows(part<K>(dy, out_place), part<K>(dx, in_place), Bound::input::size);
    } else {
      if (!dx && layout_of<Bound>.fixed()) return;
      run_backward<Bound>(ctx, memory_of_part<K>(memory, dy.count), part<K>(x, in_place), part<K>(y, out_place), part<K>(dy, out_place),
                          part<K>(dx, in_place));
    }
  }
};

}  // namespace detail

/// The first N steps of a sequence through A, the others through B, their results one behind the other: for sequences that
/// are two in one, such as a sentence and its translation. A and B give steps of the same shape.
///
/// Shapes: (N + M, ...) to (N' + M', ...), where A takes (N, ...) and B (M, ...). Parameters: `0.weight` is A's.
///
///     using Both = Sequential<Input<12 + 9>, SplitAt<12, Embedding<30, 64>, Embedding<40, 64>>>;
///     using Block = SplitAt<12, Identity, Residual<MultiheadAttention<4, causal>>>;
template <std::size_t N, class A, class B>
struct SplitAt {
  template <class In>
  using problem = std::conditional_t<(In::front > N && N > 0), void, takes<sequences_longer_than<N>>>;
  template <class In>
  struct at : detail::BoundSplit<SplitAt, N, In, A, B> {};
};

template <std::size_t N, class A, class B>
struct composition<SplitAt<N, A, B>> : detail::described<Structure::split, A, B> {
  static constexpr std::size_t place = N;
  template <class... Part>
  using with = SplitAt<N, Part...>;
};

}  // namespace tenon
