#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <tenon/net/chain.hpp>
#include <tenon/net/composition.hpp>
#include <tenon/net/first_input.hpp>
#include <tenon/net/part_inputs.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

/// Behind a change of the number of steps the mask says nothing about those there are.
template <class Layer, class Takes, class ButGets>
struct lost_mask;
struct the_steps_that_the_mask_is_of;

namespace detail {

/// What comes of a mask of `Steps` steps on its way through a part: `steps` is 0 where it is lost.
template <std::size_t Steps, class... Mistake>
struct MaskAfter {
  static constexpr std::size_t steps = Steps;
  using mistakes = list<Mistake...>;
};
template <std::size_t Steps, class Mistakes>
struct mask_after;
template <std::size_t Steps, class... Mistake>
struct mask_after<Steps, list<Mistake...>> {
  using type = MaskAfter<Steps, Mistake...>;
};

/// Whether the mask is still that of the part's output, as far as a count of steps can tell.
template <class L, class In, std::size_t Steps>
inline constexpr std::size_t steps_kept = (Steps == In::front) && (output_of_part<L, In>::front == In::front) ? Steps
                                                                                                              : 0;

template <class L, class In, std::size_t Steps, class Path>
constexpr auto follow_mask();

template <std::size_t Steps, class Mistakes, class Parts, class Inputs, class Paths>
struct mask_through_chain {
  using type = typename mask_after<Steps, Mistakes>::type;
};
template <std::size_t Steps, class Mistakes, class Part, class... Rest, class In, class... Later, class Path,
          class... Further>
struct mask_through_chain<Steps, Mistakes, list<Part, Rest...>, list<In, Later...>, list<Path, Further...>> {
  using after = decltype(follow_mask<Part, In, Steps, Path>());
  using type = typename mask_through_chain<after::steps, join<Mistakes, typename after::mistakes>, list<Rest...>,
                                           list<Later...>, list<Further...>>::type;
};
template <std::size_t After, std::size_t Steps, bool Split, class... Part, class... In, class... Path>
constexpr auto mask_through_branches(list<Part...>, list<In...>, list<Path...>) {
  return
      typename mask_after<After,
                          join<typename decltype(follow_mask < Part, In, Steps == 0 ? 0 : (Split ? In::front : Steps),
                                                 Path > ())::mistakes...>>::type{};
}

/// Whoever reads the mask is given as many steps as it has. Within TimeDistributed there is none, and within another
/// Masked there is another.
template <class L, class In, std::size_t Steps, class Path>
constexpr auto follow_mask() {
  constexpr Structure what = structure_of<L>;
  constexpr std::size_t kept = steps_kept<L, In, Steps>;
  if constexpr (is_input_element<L>) {
    return MaskAfter<Steps>{};
  } else if constexpr (what == Structure::leaf) {
    if constexpr (requires { requires L::reads_mask; } && (Steps == 0 || Steps != In::front))
      return MaskAfter<kept, lost_mask<layer<Path, L>, takes<the_steps_that_the_mask_is_of>, but_gets<In>>>{};
    else return MaskAfter<kept>{};
  } else if constexpr (what == Structure::steps || what == Structure::masked) {
    return MaskAfter<kept>{};
  } else if constexpr (is_branched(what)) {
    return mask_through_branches < kept, Steps == In::front ? Steps : 0,
           what == Structure::split > (parts_of<L>{}, part_inputs<L, In>{}, part_paths<L, Path>{});
  } else {
    using inside = typename mask_through_chain<Steps, list<>, parts_of<L>, part_inputs<L, In>,
                                               part_paths<L, Path>>::type;
    constexpr bool adds = what == Structure::residual || what == Structure::gate || what == Structure::unpool;
    return typename mask_after<(adds ? kept : inside::steps), typename inside::mistakes>::type{};
  }
}
template <class In, class Mistakes, class... L>
struct mask_mistakes {
  using type = Mistakes;  // shapes that do not fit say enough
};
template <class In, class... L>
struct mask_mistakes<In, list<>, L...> {
  using type = typename decltype(follow_mask<Sequential<L...>, In, In::front, path<>>())::mistakes;
};

/// The layers L... with flags for the steps of what they are given. They lie behind the layers' own saved numbers, or
/// behind their scratch.
template <auto Padding, class In, class... L>
struct BoundMasked : chain_at<In, L...> {
private:
  using inner = chain_at<In, L...>;
  static constexpr std::size_t flags = aligned(In::front);
  static constexpr std::size_t saved_place = aligned(inner::needs.saved.sample);
  static constexpr std::size_t scratch_place = aligned(inner::needs.inference.sample);

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
    for (std::size_t i = 0; i < x.count; ++i)
      for (std::size_t t = 0; t < In::front; ++t) {
        const T* const step = x[i] + t * In::inner;
        place[i * flags + t] = std::all_of(step, step + In::inner, [](T v) { return v == static_cast<T>(Padding); })
                                   ? T(1)
                                   : T(0);
      }
    inner::forward(ctx, masked(m, {place, x.count, flags}), x, y, mode);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx& ctx, Memory<T> m, Rows<const T> x, Rows<const T> y, Rows<const T> dy,
                                 Rows<T> dx) {
    inner::backward(ctx, masked(m, {m.workspace.saved + saved_place * dy.count, dy.count, flags}), x, y, dy, dx);
  }

private:
  template <class T>
  static constexpr Memory<T> masked(Memory<T> m, Rows<const T> mask) {
    m.mask = mask;
    return m;
  }
};

}  // namespace detail

/// L... one after the other, told which steps of the sequences they are given are padding: those that consist of the
/// number `Padding` alone, as tokens or as all features of a step. Attentions inside, at any depth, give such steps no
/// weight, and MeanSteps leaves them out; a step that sees nothing else sees nothing. Behind a layer that changes the
/// number of steps none of these may stand. Everything else works on them as on others; a loss leaves them out if their
/// labels are `ignore_index`.
/// Recurrent layers have an option of their own, `mask<0>`. Shapes and parameters: those of L.... PyTorch:
/// src_key_padding_mask. Keras: Masking, mask_zero.
///
///     using Net = Sequential<Input<20>, Masked<0, Embedding<5000, 64, padding_idx<0>>, MultiheadAttention<4>>,
///                            MeanSteps>;
template <auto Padding, class... L>
struct Masked {
  template <class In>
  struct at : detail::BoundMasked<Padding, In, L...> {};
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
