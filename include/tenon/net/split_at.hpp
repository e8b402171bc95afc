#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/net/branches.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/concat.hpp>

namespace tenon {

/// Sequences of more steps than those of the first part, and parts whose results go one behind the other.
template <size_t First>
struct sequences_longer_than;

namespace detail {

/// The first N steps, and the others.
template <size_t N, class S>
struct split_shape {
  using first = S;
  using rest = S;
};
template <size_t N, size_t T, size_t... D>
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
template <size_t N, size_t... D, class B>
struct split_output<Shape<N, D...>, B> {
  using type = Shape<N + B::front, D...>;
};

template <class Whole, size_t N, class In, class A, class B>
struct split_slots {
  using shapes = split_shape<N, In>;
  using a = bind_at<unnamed<A>, typename shapes::first, typename element<A>::template path_at<0>, from_input>;
  using b = bind_at<unnamed<B>, typename shapes::rest, typename element<B>::template path_at<1>, from_input>;
  using output = typename split_output<typename a::output, typename b::output>::type;
  using mistakes = join<decltype(judge_names<A, B>()), typename a::mistakes,
                        typename must_join<b, typename a::output, Whole>::type>;
};

template <class Whole, size_t N, class In, class A, class B, class Slots = split_slots<Whole, N, In, A, B>>
struct BoundSplit
    : BoundGraph<In, typename Slots::output, OutputValues<5>, NodeAt<SliceOf<0, typename Slots::shapes::first>, 0>,
                 NodeAt<SliceOf<Slots::shapes::first::size, typename Slots::shapes::rest>, 0>,
                 NodeAt<typename Slots::a::bound, 1>, NodeBehind<N, typename Slots::b::bound, 2>,
                 NodeAt<JoinOf<typename Slots::output>, 3, 4>>,
      ShownElements<list<typename Slots::a, typename Slots::b>, A, B> {
  using mistakes = typename Slots::mistakes;
};

}  // namespace detail

/// The first N steps of a sequence through A, the others through B, their results one behind the other: for sequences
/// that are two in one, such as a sentence and its translation. A and B give steps of the same shape.
///
/// Shapes: (N + M, ...) to (N' + M', ...), where A takes (N, ...) and B (M, ...). Parameters: `0.weight` is A's.
///
///     using Both = Sequential<Input<12 + 9>, SplitAt<12, Embedding<30, 64>, Embedding<40, 64>>>;
///     using Block = SplitAt<12, Identity, Residual<MultiheadAttention<4, causal>>>;
template <size_t N, class A, class B>
struct SplitAt {
  template <class In>
  using problem = std::conditional_t<(In::front > N && N > 0), void, takes<sequences_longer_than<N>>>;
  template <class In>
  struct at : detail::BoundSplit<SplitAt, N, In, A, B> {};
};

template <size_t N, class A, class B>
struct composition<SplitAt<N, A, B>> : detail::described<Structure::split, A, B> {
  static constexpr size_t place = N;
  template <class... Part>
  using with = SplitAt<N, Part...>;
};

}  // namespace tenon
