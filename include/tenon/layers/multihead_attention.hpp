#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/attention/options.hpp>
#include <tenon/layers/attention/unit.hpp>
#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>

namespace tenon {

/// The heads of an attention have to divide the width of its sequences, and rotated pairs the depth of a head.
template <size_t Heads>
struct a_width_that_heads_divide;
template <size_t Heads>
struct a_width_of_heads_of_even_depth;
struct one_or_more_heads;
struct options_that_attention_has;
struct a_sequence_and_maybe_a_mask;

namespace detail {

struct AttentionOptions {
  bool causal = false, known = true;
  double rope = 0;
  size_t context = 0;

  constexpr void read(option::Causal) { causal = true; }
  template <auto Base>
  constexpr void read(option::Rope<Base>) {
    rope = static_cast<double>(Base);
  }
  template <auto Context>
  constexpr void read(option::Cached<Context>) {
    context = static_cast<size_t>(Context);
  }
  template <class Other>
  constexpr void read(Other) {
    known = false;
  }
};

template <auto... Option>
inline constexpr AttentionOptions attention_options = [] {
  AttentionOptions o;
  (o.read(Option), ...);
  return o;
}();

}  // namespace detail

/// Multi-head self-attention (Vaswani et al. 2017): with q, k, v = x W^T + b cut into heads of depth d = width / Heads,
///     y = [softmax(q k^T / sqrt(d)) v of each head] Wo^T + bo.
/// With `causal` a step attends to itself and to those before; with `rope<>` queries and keys are rotated by their
/// places. Within Masked<...> no step attends to those that are not there. In a Graph a mask of the steps may be a
/// second input: 1 where a step is padding, which no step attends to, 0 where it is there (PyTorch's key_padding_mask);
/// no gradient goes to it. `attention_weights` (model/attention_weights.hpp) shows the softmax.
///
/// Shapes: (time, width), and perhaps (time), to (time, width). Parameters: in_proj_weight (3 width, width),
/// in_proj_bias (3 width), out_proj.weight (width, width), out_proj.bias (width). PyTorch:
/// nn.MultiheadAttention(batch_first=True) of (x, x, x). ONNX: MatMul, Softmax.
///
///     using Block = Sequential<Residual<LayerNorm<>, MultiheadAttention<4, causal>>,
///                              Residual<LayerNorm<>, Dense<512>, ReLU, Dense<128>>>;
///     Node<"attended", MultiheadAttention<4>, "steps", "padding">
template <size_t Heads, auto... Option>
struct MultiheadAttention {
private:
  static constexpr detail::AttentionOptions options = detail::attention_options<Option...>;
  template <class In>
  static constexpr detail::AttentionCode code{.queries = In::front,
                                              .keys = In::front,
                                              .width = In::inner,
                                              .heads = Heads,
                                              .causal = options.causal,
                                              .rope = options.rope,
                                              .context = options.context};

  template <class In>
  static consteval auto judge() {
    if constexpr (In::rank != 2) return std::type_identity<takes<sequences_of_steps_features>>{};
    else if constexpr (Heads > 0 && In::dims[1] % (Heads > 0 ? Heads : 1) != 0)
      return std::type_identity<takes<a_width_that_heads_divide<Heads>>>{};
    else if constexpr (Heads > 0 && options.rope > 0 && In::dims[1] / (Heads > 0 ? Heads : 1) % 2 != 0)
      return std::type_identity<takes<a_width_of_heads_of_even_depth<Heads>>>{};
    else return std::type_identity<void>{};
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::AttentionUnit<In, code<In>>;
  };

  /// One sequence, or a sequence and a mask.
  template <class In>
  struct given {
    using problem = typename decltype(judge<In>())::type;
    using type = typename bound<In, Heads != 0 && std::is_void_v<problem>>::type;
  };
  template <class... S>
  struct given<Inputs<S...>> {
    using problem = takes<a_sequence_and_maybe_a_mask>;
    using type = detail::RefusedUnit<Inputs<S...>>;
  };
  template <class S, class Mask>
  struct given<Inputs<S, Mask>> {
    static consteval auto judge_both() {
      if constexpr (!std::is_void_v<typename given<S>::problem>)
        return std::type_identity<typename given<S>::problem>{};
      else if constexpr (!std::is_same_v<Mask, Shape<S::front>>)
        return std::type_identity<takes<a_mask_of_as_many_numbers_as_steps>>{};
      else return std::type_identity<void>{};
    }
    using problem = typename decltype(judge_both())::type;
    template <bool Fits, class Both>
    struct unit {
      using type = detail::RefusedUnit<Both>;
    };
    template <class Both>
    struct unit<true, Both> {
      using type = detail::AttentionOfInputs<Both, code<S>, detail::AttentionParameters<S::inner>>;
    };
    using type = typename unit<Heads != 0 && std::is_void_v<problem>, Inputs<S, Mask>>::type;
  };

public:
  static constexpr bool many_inputs = true;
  static constexpr bool reads_mask = true;
  using invalid = std::conditional_t<(Heads == 0), takes<one_or_more_heads>,
                                     std::conditional_t<options.known, void, takes<options_that_attention_has>>>;
  template <class In>
  using problem = typename given<In>::problem;
  template <class In>
  using at = typename given<In>::type;
  static constexpr bool looks_ahead = !options.causal;
  template <class In, Time Axis>
  static constexpr bool steps = (options.causal) && (Axis == Time::first) && In::rank == 2;
  template <size_t Context>
  using stepping = MultiheadAttention<Heads, Option..., cached<Context>>;
};

}  // namespace tenon
