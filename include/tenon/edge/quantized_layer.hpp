#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/edge/edge_formula.hpp>
#include <tenon/edge/quantized_compositions.hpp>
#include <tenon/edge/quantized_layer_attention.hpp>
#include <tenon/edge/quantized_step.hpp>
#include <tenon/layers/channel_dropout.hpp>
#include <tenon/layers/convolution/unit.hpp>
#include <tenon/layers/divide.hpp>
#include <tenon/layers/embedding.hpp>
#include <tenon/layers/film.hpp>
#include <tenon/layers/formula/batch_unit.hpp>
#include <tenon/layers/formula/passes.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/learned_positional_embedding.hpp>
#include <tenon/layers/maximum.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/minimum.hpp>
#include <tenon/layers/multiply.hpp>
#include <tenon/layers/permute.hpp>
#include <tenon/layers/pooling/average.hpp>
#include <tenon/layers/pooling/max.hpp>
#include <tenon/layers/pooling/placed.hpp>
#include <tenon/layers/repeat_vector.hpp>
#include <tenon/layers/sinusoidal_positional_encoding.hpp>
#include <tenon/layers/split.hpp>
#include <tenon/layers/streamed_conv1d.hpp>
#include <tenon/layers/subtract.hpp>
#include <tenon/layers/take.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/layers/where.hpp>
#include <tenon/net/scale_channels.hpp>

/// What bound layers are in int8, recognised by their types.
namespace tenon::edge::detail {

/// A layer whose last part is a function of one number is two steps: `core`, the same layer without it, and a table.
/// `after` is void where nothing follows, and `core` where nothing comes before.
template <class Bound>
struct CoreOf {
  using core = Bound;
  using after = void;
};

/// A layer that is a formula; `known`: int8 has steps for it. Its input is (channels, pixels) where it works
/// `by_channels`, else (pixels, channels).
template <class Bound>
struct FormulaOf {
  static constexpr bool is = false, known = false;
};
template <class E, class In>
struct FormulaOf<tenon::detail::FormulaUnit<E, In>> {
  static constexpr bool is = true, known = SplitFormula<E>::known;
  using core = typename SplitFormula<E>::core;
  static constexpr bool by_channels = tenon::detail::is_channelwise<E, In>();
  static constexpr size_t channels = by_channels ? In::front : tenon::detail::row_width<In>,
                          pixels = In::size / channels;
};
template <class E, class In>
struct FormulaOf<tenon::detail::BatchUnit<E, In>> {
  static constexpr bool is = true, known = SplitFormula<E>::known;
  using core = typename SplitFormula<E>::core;
  static constexpr bool by_channels = tenon::detail::has_channels<In>;
  static constexpr size_t channels = tenon::detail::BatchUnit<E, In>::features, pixels = In::size / channels;
};
template <class Unit, class In>
struct FormulaOf<tenon::detail::SeenAs<Unit, In>> : FormulaOf<Unit> {};

template <class E, class In>
  requires(SplitFormula<E>::known)
struct CoreOf<tenon::detail::FormulaUnit<E, In>> {
  using core = tenon::detail::FormulaUnit<typename SplitFormula<E>::core, In>;
  using after = typename SplitFormula<E>::after;
};
template <class E, class In>
  requires(SplitFormula<E>::known)
struct CoreOf<tenon::detail::BatchUnit<E, In>> {
  using core = tenon::detail::BatchUnit<typename SplitFormula<E>::core, In>;
  using after = typename SplitFormula<E>::after;
};
template <class Unit, class In>
struct CoreOf<tenon::detail::SeenAs<Unit, In>> : CoreOf<Unit> {};

/// The bounds of a convolution's activation; `unknown` if it is more than bounds.
template <class F>
inline constexpr StepPattern activation_of = pattern_of<F>;
template <>
inline constexpr StepPattern activation_of<tenon::detail::NoActivation>{.kind = StepKind::nothing};
template <class F>
inline constexpr bool is_bounds = activation_of<F>.kind == StepKind::nothing ||
                                  activation_of<F>.kind == StepKind::clamp;

template <class Bound>
struct ConvolutionOf {
  static constexpr bool known = false;
};
template <size_t Axes, bool Transposed, class In, class F, auto... A>
struct ConvolutionOf<tenon::detail::ConvolutionUnit<Axes, Transposed, In, F, A...>> {
  static constexpr bool known = is_bounds<F> || is_point_formula<F>, transposed = Transposed;
  static constexpr StepPattern activation = activation_of<F>;
  static constexpr tenon::detail::WeightStorage weights = tenon::detail::weight_storage<A...>;
};
/// A convolution that is given one step a call.
template <class Bound>
inline constexpr bool is_streamed = false;
template <class In, auto... A>
inline constexpr bool is_streamed<tenon::detail::StreamedUnit<In, A...>> = true;
template <size_t Axes, bool Transposed, class In, class F, auto... A>
  requires(!is_bounds<F>)
struct CoreOf<tenon::detail::ConvolutionUnit<Axes, Transposed, In, F, A...>> {
  using core = tenon::detail::ConvolutionUnit<Axes, Transposed, In, tenon::detail::NoActivation, A...>;
  using after = F;
};

/// Whether a layer is two steps, so that calibration has to see the range of the numbers between them.
template <class Bound>
inline constexpr bool has_inner_step = !std::is_void_v<typename CoreOf<Bound>::after>;
template <class E, class In>
  requires(SplitFormula<E>::known)
inline constexpr bool
    has_inner_step<tenon::detail::FormulaUnit<E, In>> = !std::is_void_v<typename SplitFormula<E>::after> &&
                                                        !std::is_same_v<typename SplitFormula<E>::core, expr::Input<0>>;
/// Whether its core is a factor and a summand per channel.
template <class Bound>
constexpr bool is_affine_unit() {
  if constexpr (FormulaOf<Bound>::known)
    return pattern_of<typename FormulaOf<Bound>::core>.kind == StepKind::unknown &&
           is_affine<typename FormulaOf<Bound>::core>;
  else return false;
}

/// A GroupNorm: edge/quantized_norm.hpp.
template <class Bound>
struct GroupNormOf;

template <class In, class Out, kernels::Pooling P>
constexpr bool is_max_pool(const tenon::detail::LargestUnit<In, Out, P>*) {
  return true;
}
constexpr bool is_max_pool(const void*) { return false; }
template <class In, class Out, kernels::Averaging P>
constexpr bool is_mean_pool(const tenon::detail::MeanUnit<In, Out, P>*) {
  return true;
}
constexpr bool is_mean_pool(const void*) { return false; }

/// Indices that are taken of one axis: of a tensor (outer, length, inner) those from each `place` to place + taken - 1.
template <size_t Count>
struct Pieces {
  size_t outer = 1, length = 1, inner = 1, taken = 1;  // `taken` neighbours at each place
  std::array<size_t, Count> place{};
};
template <class Bound>
struct PiecesOf {
  static constexpr bool known = false;
};
template <class In, class Out, size_t Outer, size_t Block, size_t Begin>
struct PiecesOf<tenon::detail::CutUnit<In, Out, Outer, Block, Begin>> {
  static constexpr bool known = true;
  static constexpr Pieces<1> pieces{Outer, Block, 1, Out::size / Outer, {Begin}};
};
template <class In, class Out, size_t Block, size_t Begin>
struct PiecesOf<tenon::detail::SideBySideUnit<In, Out, Block, Begin>>
    : PiecesOf<tenon::detail::CutUnit<In, Out, 1, Block, Begin>> {};
template <class In, class Out, tenon::detail::AxisView Axis, std::ptrdiff_t... Index>
struct PiecesOf<tenon::detail::TakeUnit<In, Out, Axis, Index...>> {
  static constexpr bool known = true;
  static constexpr Pieces<sizeof...(Index)> pieces{
      Axis.outer, Axis.length, Axis.inner, 1, {tenon::detail::place_on_axis(Index, Axis.length)...}};
};
template <class In>
struct PiecesOf<tenon::detail::LastUnit<In>> {
  static constexpr bool known = true;
  static constexpr Pieces<1> pieces{1, In::front, In::inner, 1, {In::front - 1}};
};

template <class In, size_t Steps>
struct PiecesOf<tenon::detail::RepeatVectorUnit<In, Steps>> {
  static constexpr bool known = true;
  static constexpr Pieces<Steps> pieces{1, 1, In::size, 1, {}};
};

/// A Split: each of its parts are pieces.
template <class Bound>
struct SplitOf {
  static constexpr bool known = false;
};
template <class In, class Out, size_t Outer, size_t... Own>
struct SplitOf<tenon::detail::SplitUnit<In, Out, Outer, Own...>> {
  static constexpr bool known = true;
  static constexpr std::array<Pieces<1>, sizeof...(Own)> parts = [] {
    std::array<Pieces<1>, sizeof...(Own)> all{Pieces<1>{Outer, In::size / Outer, 1, Own, {}}...};
    for (size_t k = 1; k < all.size(); ++k) all[k].place[0] = all[k - 1].place[0] + all[k - 1].taken;
    return all;
  }();
  static constexpr auto sizes = Out::sizes;
};

template <class In, auto Rate>
constexpr bool is_channel_dropout(const tenon::detail::ChannelDropoutUnit<In, Rate>*) {
  return true;
}
constexpr bool is_channel_dropout(const void*) { return false; }
template <class In>
constexpr bool is_mean_of_steps(const tenon::detail::MeanStepsUnit<In>*) {
  return true;
}
constexpr bool is_mean_of_steps(const void*) { return false; }

template <class Bound>
struct PermuteOf {
  static constexpr bool known = false;
};
template <class In, tenon::detail::AxisOrder<In::rank> Order>
struct PermuteOf<tenon::detail::PermuteUnit<In, Order>> {
  static constexpr bool known = In::rank <= 4;
  static constexpr size_t rank = In::rank;
  static constexpr auto dims = In::dims;
  static constexpr auto axes = Order.axes;
};

/// Two tensors that meet number by number; `kind` is unknown where int8 has no step.
template <class Bound>
struct PairOf {
  static constexpr StepKind kind = StepKind::unknown;
};
template <class Function>
inline constexpr StepKind kind_of_function = StepKind::unknown;
template <>
inline constexpr StepKind kind_of_function<tenon::detail::ProductOf> = StepKind::multiply;
template <>
inline constexpr StepKind kind_of_function<tenon::detail::DifferenceOf> = StepKind::subtract;
template <>
inline constexpr StepKind kind_of_function<tenon::detail::QuotientOf> = StepKind::divide;
template <>
inline constexpr StepKind kind_of_function<tenon::detail::ExtremeOf<1>> = StepKind::larger;
template <>
inline constexpr StepKind kind_of_function<tenon::detail::ExtremeOf<-1>> = StepKind::smaller;
template <class Function, class A, class B>
struct PairOf<tenon::detail::ElementwiseUnit<Function, Inputs<A, B>>> {
private:
  using how = tenon::detail::Elementwise<Function, Inputs<A, B>>;
  static constexpr bool first_whole = A::size == how::output::size;

public:
  static constexpr bool swapped = !first_whole;
  static constexpr tenon::detail::Spread spread = how::spreads[swapped ? 0 : 1];
  static constexpr size_t size = how::output::size;
  static constexpr StepKind kind = (first_whole ||
                                    (B::size == size && kind_of_function<Function> != StepKind::subtract &&
                                     kind_of_function<Function> != StepKind::divide))
                                       ? kind_of_function<Function>
                                       : StepKind::unknown;
};
template <class In, class Factors>
struct PairOf<tenon::detail::ScaleChannelsUnit<In, Factors>> {
  static constexpr bool swapped = false;
  static constexpr tenon::detail::Spread spread{In::size / Factors::size, Factors::size, true};
  static constexpr size_t size = In::size;
  static constexpr StepKind kind = StepKind::multiply;
};

template <class Bound>
struct EmbeddingOf {
  static constexpr bool known = false;
};
template <class In, size_t Tokens, size_t Width, class Init, size_t Padding>
struct EmbeddingOf<tenon::detail::EmbeddingUnit<In, Tokens, Width, Init, Padding>> {
  static constexpr bool known = Tokens < 65536;
  static constexpr size_t tokens = Tokens, width = Width;
};
/// A layer that adds the same numbers to every sample, which calibration finds: positions.
template <class Bound>
inline constexpr bool adds_constants = false;
template <class In, class Init, size_t Context>
inline constexpr bool adds_constants<tenon::detail::LearnedPositionUnit<In, Init, Context>> = true;
template <class In, size_t Context>
inline constexpr bool adds_constants<tenon::detail::SinusoidalPositionUnit<In, Context>> = true;
/// Of a layer that adds positions and is given one step a call: how many steps it has positions for. 0: it is given
/// whole sequences.
template <class Bound>
inline constexpr size_t places_of = 0;
template <class In, class Init, size_t Context>
inline constexpr size_t places_of<tenon::detail::LearnedPositionUnit<In, Init, Context>> = Context;
template <class In, size_t Context>
inline constexpr size_t places_of<tenon::detail::SinusoidalPositionUnit<In, Context>> = Context;

/// A FiLM: how its factors and its summands are spread over its input.
template <class Bound>
struct ModulationOf {
  static constexpr bool known = false;
};
template <class... S>
struct ModulationOf<tenon::detail::ElementwiseUnit<tenon::detail::ScaledAndShifted, Inputs<S...>>> {
  static constexpr bool known = true;
  static constexpr auto spreads = tenon::detail::Elementwise<tenon::detail::ScaledAndShifted, Inputs<S...>>::spreads;
};

/// The scores of tokens by an embedding's table.
template <class Bound>
inline constexpr bool is_tied = false;
template <class Bound>
  requires requires { requires Bound::tied; }
inline constexpr bool is_tied<Bound> = true;

/// One of two numbers, by a third: how the three are spread over the output.
template <class Bound>
struct ChoiceOf {
  static constexpr bool known = false;
};
template <class... S>
struct ChoiceOf<tenon::detail::ElementwiseUnit<tenon::detail::ChoiceOf, Inputs<S...>>> {
  static constexpr bool known = true;
  static constexpr auto spreads = tenon::detail::Elementwise<tenon::detail::ChoiceOf, Inputs<S...>>::spreads;
};

/// Whether int8 has a step for one layer, alone or on every step of a sequence.
template <class Bound, bool EachStep>
constexpr bool is_known_layer() {
  constexpr const Bound* type = nullptr;
  if constexpr (tenon::detail::Passthrough<Bound>) {
    return true;
  } else if constexpr (!std::is_void_v<sequence_step<Bound>>) {
    return is_known_layer<sequence_step<Bound>, true>();
  } else if constexpr (is_chain(type) || is_frozen(type)) {
    bool all = true;
    Bound::visit_units([&]<class Unit> { all = all && is_known_layer<Unit, EachStep>(); });
    return all;
  } else if constexpr (IsGraph<Bound> && !EachStep) {
    // a layer made of others, such as SqueezeExcite
    bool all = true;
    graph_view<Bound>::each_node([&]<class Node>(size_t) { all = all && is_known_layer<Node, false>(); });
    return all;
  } else if constexpr (EdgeFormulaOf<Bound>::known) {
    return true;
  } else if constexpr (FormulaOf<Bound>::is) {
    return FormulaOf<Bound>::known && !(EachStep && is_affine_unit<Bound>() && FormulaOf<Bound>::by_channels);
  } else if constexpr (EachStep) {
    return false;
  } else if constexpr (tenon::detail::only_moves<Bound>) {
    return true;
  } else {
    return is_channel_dropout(type) || is_mean_of_steps(type) || ConvolutionOf<Bound>::known || is_max_pool(type) ||
           is_mean_pool(type) || PiecesOf<Bound>::known || SplitOf<Bound>::known || PermuteOf<Bound>::known ||
           GroupNormOf<Bound>::known || RecurrentOf<Bound>::known || is_streamed<Bound> || AttentionOf<Bound>::known ||
           is_tied<Bound> || ChoiceOf<Bound>::known || PairOf<Bound>::kind != StepKind::unknown ||
           ModulationOf<Bound>::known || EmbeddingOf<Bound>::known || adds_constants<Bound> || requires {
      Bound::placing;
    }
    || requires { Bound::upsampling; };
  }
}

}  // namespace tenon::edge::detail
