#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/attention/code.hpp>
#include <tenon/layers/attention/options.hpp>
#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>

namespace tenon {

/// The heads of an attention have to divide the width of its sequences, and turned pairs the depth of a head.
template <std::size_t Heads>
struct a_width_that_heads_divide;
template <std::size_t Heads>
struct a_width_of_heads_of_even_depth;
struct one_or_more_heads;
struct options_that_attention_has;

namespace detail {

struct AttentionOptions {
  bool causal = false, known = true;
  double rotary = 0;
  std::size_t context = 0;

  constexpr void read(option::Causal) { causal = true; }
  template <auto Base>
  constexpr void read(option::Rotary<Base>) {
    rotary = static_cast<double>(Base);
  }
  template <auto Context>
  constexpr void read(option::Cached<Context>) {
    context = static_cast<std::size_t>(Context);
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
/// With `causal` a step attends to itself and to those before; with `rotary<>` queries and keys are turned by their places.
/// Within Masked<...> no step attends to those that are not there. `attention_weights` (model/attention_weights.hpp) shows
/// the softmax.
///
/// Shapes: (time, width) to the same. Parameters: in_proj_weight (3 width, width), in_proj_bias (3 width), out_proj.weight
/// (width, width), out_proj.bias (width). PyTorch: nn.MultiheadAttention(batch_first=True) of (x, x, x). ONNX: MatMul, Softmax.
///
///     using Block = Sequential<Residual<LayerNorm<>, MultiheadAttention<4, causal>>,
///                              Residual<LayerNorm<>, Dense<512>, ReLU, Dense<128>>>;
template <std::size_t Heads, auto... Option>
struct MultiheadAttention {
private:
  static constexpr detail::AttentionOptions options = detail::attention_options<Option...>;
  template <class In>
  static consteval auto judge() {
    if constexpr (In::rank != 2) return std::type_identity<takes<sequences_of_steps_features>>{};
    else if constexpr (Heads > 0 && In::dims[1] % (Heads > 0 ? Heads : 1) != 0) return std::type_identity<takes<a_width_that_heads_divide<Heads>>>{};
    else if constexpr (Heads > 0 && options.rotary > 0 && In::dims[1] / (Heads > 0 ? Heads : 1) % 2 != 0)
      return std::type_identity<takes<a_width_of_heads_of_even_depth<Heads>>>{};
    else return std::type_identity<void>{};
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::AttentionUnit<In, detail::AttentionCode{.queries = In::front, .keys = In::front, .width = In::inner, .heads = Heads,
                                                                 .causal = options.causal, .rotary = options.rotary, .context = options.context}>;
  };

public:
  using invalid = std::conditional_t<(Heads == 0), takes<one_or_more_heads>, std::conditional_t<options.known, void, takes<options_that_attention_has>>>;
  template <class In>
  using problem = typename decltype(judge<In>())::type;
  template <class In>
  using at = typename bound<In, Heads != 0 && std::is_void_v<problem<In>>>::type;
  template <class In, Time Axis>
  static constexpr bool steps = options.causal && Axis == Time::first && In::rank == 2;
  template <std::size_t Context>
  using stepping = MultiheadAttention<Heads, Option..., cached<Context>>;
};

}  // namespace tenon
