#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/part_inputs.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

struct Last;

/// A layer before this one has changed the number of steps, so the mask no longer fits.
template <class Layer, class Takes, class ButGets>
struct lost_mask;
struct the_steps_that_the_mask_is_of;
/// A layer that would mix padding into other steps, and what to write instead.
template <class Layer, class MayBe, class ButGets, class Write>
struct mixes_padding_in;
template <class...>
struct may_be;
struct a_layer_that_works_step_by_step_or_reads_the_mask;
struct a_sequence_and_a_mask_of_its_steps;

/// Instead of the number that padding consists of: the mask is an input of its own.
struct MaskInput {};
inline constexpr MaskInput mask_input{};

namespace detail {

/// There is padding, but the mask no longer says where.
inline constexpr size_t stale_mask = static_cast<size_t>(-1);

/// What is known of the mask behind a part: of how many steps it is, `stale_mask`, or 0 where there is no padding any
/// more. Behind a mistake it is 0, too, so that layers further on do not report the same mistake again.
template <size_t Steps, class... Mistake>
struct MaskAfter {
  static constexpr size_t steps = Steps;
  using mistakes = list<Mistake...>;
};
template <size_t Steps, class Mistakes>
struct mask_after;
template <size_t Steps, class... Mistake>
struct mask_after<Steps, list<Mistake...>> {
  using type = MaskAfter<Steps, Mistake...>;
};

template <class Out, class In>
constexpr size_t steps_behind(size_t steps) {
  if (steps == 0 || (In::rank > 1 && Out::rank < 2)) return 0;  // no sequence any more
  if (steps == In::front && Out::front == steps) return steps;
  return In::rank > 1 ? stale_mask : 0;
}
/// The number of steps that the mask has behind a part (see MaskAfter), as far as a count of steps says it.
template <class L, class In, size_t Steps>
inline constexpr size_t steps_kept = steps_behind<output_of_part<L, In>, In>(Steps);
/// How many steps the mask of a part has, whose input is In: a whole sequence, or a piece of one.
template <class In>
constexpr size_t steps_within(size_t steps, bool piece) {
  if (steps == 0 || steps == stale_mask) return steps;
  return piece || steps == In::front ? In::front : 0;
}

/// Whether no step of the layer's output that is there depends on padding. A vector has no steps.
template <class L, class In>
constexpr bool keeps_padding_apart() {
  if constexpr (In::rank < 2) return true;
  else if constexpr (
      requires { requires L::knows_padding; } || requires { requires L::picks_steps; })
    return true;
  else if constexpr (requires { requires bind<L, In>::type::passthrough; })
    return output_of_part<L, In>::front == In::front;
  else if constexpr (requires { L::template steps<In, Time::first>; }) return L::template steps<In, Time::first>;
  else return false;
}

/// What to write instead of a layer that mixes steps: a layer may say it, `using instead_of_mixing = write<"...">`.
template <class L>
struct instead_of_mixing {
  using type = write<"MeanSteps, or Masked around less">;
};
template <class L>
  requires requires { typename L::instead_of_mixing; }
struct instead_of_mixing<L> {
  using type = typename L::instead_of_mixing;
};

template <class L, class In, size_t Steps, class Path>
constexpr auto follow_mask();

template <size_t Steps, class Mistakes, class Parts, class Inputs, class Paths>
struct mask_through_chain {
  using type = typename mask_after<Steps, Mistakes>::type;
};
template <size_t Steps, class Mistakes, class Part, class... Rest, class In, class... Later, class Path,
          class... Further>
struct mask_through_chain<Steps, Mistakes, list<Part, Rest...>, list<In, Later...>, list<Path, Further...>> {
  using after = decltype(follow_mask<Part, In, Steps, Path>());
  using type = typename mask_through_chain<after::steps, join<Mistakes, typename after::mistakes>, list<Rest...>,
                                           list<Later...>, list<Further...>>::type;
};
/// `Last` directly behind a recurrent layer that finds padding by itself gives the state of the last step that is
/// there: a vector, so there is no padding any more.
template <size_t Steps, class Mistakes, class Part, class... Rest, class In, class Between, class... Later, class Path,
          class Skipped, class... Further>
  requires(Part::knows_padding)
struct mask_through_chain<Steps, Mistakes, list<Part, Last, Rest...>, list<In, Between, Later...>,
                          list<Path, Skipped, Further...>>
    : mask_through_chain<0, Mistakes, list<Rest...>, list<Later...>, list<Further...>> {};

template <size_t After, size_t Steps, bool Pieces, class... Part, class... In, class... Path>
constexpr auto mask_through_branches(list<Part...>, list<In...>, list<Path...>) {
  return typename mask_after<
      After,
      join<typename decltype(follow_mask<Part, In, steps_within<In>(Steps, Pieces), Path>())::mistakes...>>::type{};
}

/// Follows the mask through L: a layer that reads it has to be given as many steps as it has, any other must not mix
/// steps. What is within TimeDistributed has no steps, and another Masked finds its own padding.
template <class L, class In, size_t Steps, class Path>
constexpr auto follow_mask() {
  constexpr Structure what = structure_of<L>;
  constexpr size_t kept = steps_kept<L, In, Steps>;
  if constexpr (is_input_element<L>) {
    return MaskAfter<Steps>{};
  } else if constexpr (what == Structure::leaf) {
    if constexpr (requires { requires L::reads_mask; }) {
      if constexpr (Steps != 0 && Steps == In::front) return MaskAfter<kept>{};
      else return MaskAfter<0, lost_mask<layer<Path, L>, takes<the_steps_that_the_mask_is_of>, but_gets<In>>>{};
    } else if constexpr (Steps == 0 || keeps_padding_apart<L, In>()) {
      return MaskAfter<kept>{};
    } else {
      return MaskAfter<0, mixes_padding_in<layer<Path, L>, may_be<a_layer_that_works_step_by_step_or_reads_the_mask>,
                                           but_gets<In>, typename instead_of_mixing<L>::type>>{};
    }
  } else if constexpr (what == Structure::steps || what == Structure::masked) {
    return MaskAfter<kept>{};
  } else if constexpr (is_branched(what) || what == Structure::graph) {
    return mask_through_branches<kept, Steps, what == Structure::split>(parts_of<L>{}, part_inputs<L, In>{},
                                                                        part_paths<L, Path>{});
  } else {
    using inside = typename mask_through_chain<Steps, list<>, parts_of<L>, part_inputs<L, In>,
                                               part_paths<L, Path>>::type;
    constexpr bool adds = what == Structure::residual || what == Structure::gate || what == Structure::unpool;
    return typename mask_after<(adds ? kept : inside::steps), typename inside::mistakes>::type{};
  }
}
template <class In, class Mistakes, class... L>
struct mask_mistakes {
  using type = Mistakes;  // where shapes do not fit, the mask is not looked at
};
template <class In, class... L>
struct mask_mistakes<In, list<>, L...> {
  using type = typename decltype(follow_mask<Sequential<L...>, In, In::front, path<>>())::mistakes;
};

template <class T>
constexpr Memory<T> masked(Memory<T> m, PerSample<const T> mask) {
  m.mask = mask;
  return m;
}

/// The layers L... bound to In, with a flag for each step that says whether it is padding. The flags lie behind the
/// layers' own saved numbers in training, behind their scratch in evaluation.
template <auto Padding, class In, class... L>
struct BoundMasked : chain_at<In, L...> {
private:
  using inner = chain_at<In, L...>;
  static constexpr size_t flags = aligned(In::front);
  static constexpr size_t saved_place = aligned(inner::needs.saved.sample);
  static constexpr size_t scratch_place = aligned(inner::needs.inference.sample);

public:
  static constexpr Layout layout = [] {
    Layout l = inner::layout;
    l.needs.saved.sample = saved_place + flags;
    l.needs.inference.sample = scratch_place + flags;
    return l;
  }();
  static constexpr Needs needs = layout.needs;
  static constexpr bool passthrough = false;
  using mistakes = typename mask_mistakes<In, typename inner::mistakes, L...>::type;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<T> y, Mode mode) {
    T* const place = Mode::training ? m.workspace.saved + saved_place * x.count
                                    : m.workspace.scratch + scratch_place * x.count;
    for (size_t i = 0; i < x.count; ++i)
      for (size_t t = 0; t < In::front; ++t) {
        const T* const step = x[i] + t * In::inner;
        place[i * flags + t] = std::all_of(step, step + In::inner, [](T v) { return v == static_cast<T>(Padding); })
                                   ? T(1)
                                   : T(0);
      }
    inner::forward(ctx, masked(m, {place, flags}), x, y, mode);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    inner::backward(ctx, masked(m, {m.workspace.saved + saved_place * dy.count, flags}), x, y, dy, dx);
  }
};

/// The layers L... bound to the first of several inputs, with the second as their mask, which gets no gradient.
template <class In, class... L>
struct BoundMasked<mask_input, In, L...> : chain_at<typename first_shape<In>::type, L...> {
private:
  using sequence = typename first_shape<In>::type;
  using inner = chain_at<sequence, L...>;

public:
  using input = In;
  static constexpr std::uint32_t sends = 1;
  static constexpr Layout layout = [] {
    Layout l = inner::layout;
    l.needs.backward_reads_input = (l.needs.backward_reads_input != 0 ? 1U : 0U) | 2U;
    return l;
  }();
  static constexpr Needs needs = layout.needs;
  static constexpr bool passthrough = false;
  using mistakes = typename mask_mistakes<sequence, typename inner::mistakes, L...>::type;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx& ctx, Memory<T> m, const RowsOf<const T, In::count>& x, Rows<T> y, Mode mode) {
    inner::forward(ctx, masked(m, {x[1].data, x[1].stride}), x[0], y, mode);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> m, const RowsOf<const T, In::count>& x, Rows<const T> y,
                                 Rows<const T> dy, const RowsOf<T, In::count>& dx) {
    inner::backward(ctx, masked(m, {x[1].data, x[1].stride}), x[0], y, dy, dx[0]);
  }
};
/// One input is refused; checking goes on with it.
template <class In, class... L>
  requires(input_count<In> == 1)
struct BoundMasked<mask_input, In, L...> : chain_at<In, L...> {};

/// What Masked<mask_input, ...> takes instead of In, or void.
template <class In>
struct masked_input_problem {
  using type = takes<a_sequence_and_a_mask_of_its_steps>;
};
template <class Sequence>
struct masked_input_problem<Inputs<Sequence, Shape<Sequence::front>>> {
  using type = void;
};

}  // namespace detail

/// L... one after the other, with a mask of the steps of their sequences that are padding: those that consist of the
/// number `Padding` alone, as tokens or as all features of a step. Attentions inside, at any depth, give such steps no
/// weight, and MeanSteps leaves them out; a step that sees nothing else sees nothing. Behind a layer that changes the
/// number of steps none of these may stand. What works on each step alone works on padding as on others; a loss leaves
/// such steps out if their labels are `ignore_index`.
///
/// What would mix padding into other steps is refused: convolutions, pools, Flatten, Last, SqueezeExcite, BatchNorm. So
/// are recurrent layers that are bidirectional or give the last state alone, unless they have an option `mask<0>` of
/// their own; those that read forward see nothing of what is behind a step, but start with padding that lies in front.
/// Slice and Take choose steps by their place, counted from the first.
///
/// With `mask_input` instead of a number the mask is the second input, a number for each step: 1 where it is padding, 0
/// where it is there. No gradient goes to it.
///
///     Node<"padding", Map<in<"tokens"> == 0>>, Node<"words", Embedding<5000, 64>, "tokens">,
///     Node<"mean", Masked<mask_input, MultiheadAttention<4>, MeanSteps>, "words", "padding">
///
/// Shapes and parameters: those of L.... PyTorch: src_key_padding_mask. Keras: Masking, mask_zero.
///
///     using Net = Sequential<Input<20>, Masked<0, Embedding<5000, 64, padding_idx<0>>, MultiheadAttention<4>>,
///                            MeanSteps>;
template <auto Padding, class... L>
struct Masked {
  template <class In>
  struct at : detail::BoundMasked<Padding, In, L...> {};
};
template <class... L>
struct Masked<mask_input, L...> {
  static constexpr bool many_inputs = true;
  template <class In>
  using problem = typename detail::masked_input_problem<In>::type;
  template <class In>
  struct at : detail::BoundMasked<mask_input, In, L...> {};
};

namespace detail {

template <auto Padding, class... L>
struct declared_input<Masked<Padding, L...>> : declared_input<Sequential<L...>> {};

}  // namespace detail

template <auto Padding, class... L>
struct composition<Masked<Padding, L...>> : detail::described<Structure::masked, L...> {
  template <class... Part>
  using with = Masked<Padding, Part...>;
};

}  // namespace tenon
