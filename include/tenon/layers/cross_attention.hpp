#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/attention/unit.hpp>
#include <tenon/layers/multihead_attention.hpp>

namespace tenon {

/// A sequence of which the first steps are the memory, with at least one step behind them.
template <size_t Memory>
struct sequences_with_steps_behind_a_memory_of;
struct one_or_more_heads_and_one_or_more_steps_of_memory;

/// Multi-head attention of one sequence to another (Vaswani et al. 2017): queries come from the one that looks, keys
/// and values from the memory, such as an encoder's output. With q made of the first, k and v of the memory, and heads
/// of depth d,
///     y = [softmax(q k^T / sqrt(d)) v of each head] Wo^T + bo.
///
/// `CrossAttention<Heads>` has them as inputs of their own, and may have a mask of the memory's steps as a third: 1
/// where a step is padding, which no step attends to, 0 where it is there (PyTorch's key_padding_mask); no gradient
/// goes to it. Where all steps are padding none is seen, and the result is out_proj's bias.
///
/// Shapes: (time, width), (memory, width) and perhaps (memory) to (time, width). Parameters and PyTorch's name: as
/// MultiheadAttention, of (target, memory, memory). ONNX: MatMul, Softmax.
///
///     Node<"seen", CrossAttention<4>, "written", "read", "padding">
template <size_t Heads, size_t... Memory>
struct CrossAttention {
private:
  template <class In>
  static consteval auto judge() {
    using inputs = detail::AttentionInputs<In>;
    if constexpr (!std::is_void_v<typename inputs::problem>) return std::type_identity<typename inputs::problem>{};
    else if constexpr (Heads > 0 && inputs::width % (Heads > 0 ? Heads : 1) != 0)
      return std::type_identity<takes<a_width_that_heads_divide<Heads>>>{};
    else return std::type_identity<void>{};
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::RefusedUnit<In>;
  };
  template <class In>
  struct bound<In, true> {
    using inputs = detail::AttentionInputs<In>;
    using type = detail::AttentionOfInputs<
        In,
        detail::AttentionCode{
            .queries = inputs::queries, .keys = inputs::keys, .width = inputs::width, .heads = Heads, .cross = true},
        detail::AttentionParameters<inputs::width>>;
  };

public:
  static constexpr bool many_inputs = true;
  using invalid = std::conditional_t<(Heads > 0 && sizeof...(Memory) == 0), void, takes<one_or_more_heads>>;
  template <class In>
  using problem = typename decltype(judge<In>())::type;
  template <class In>
  using at = typename bound<In, Heads != 0 && std::is_void_v<problem<In>>>::type;
};

/// The same with both in one sequence. A sample is the `Memory` steps of an encoder's output, followed by the steps
/// that look at them. The result is 0 at the memory's steps, so that a Residual leaves the memory as it is for the next
/// block; see SplitAt (net/split_at.hpp) for layers that see one of the two parts. Within Masked<...> no step attends
/// to those of the memory that are not there.
///
/// Shapes: (memory + time, width) to the same.
///
///     using Block = Residual<SplitAt<Source, Identity, LayerNorm<>>, CrossAttention<4, Source>>;
template <size_t Heads, size_t Memory>
struct CrossAttention<Heads, Memory> {
private:
  template <class In>
  static consteval auto judge() {
    if constexpr (In::rank != 2) return std::type_identity<takes<sequences_of_steps_features>>{};
    else if constexpr (In::dims[0] <= Memory)
      return std::type_identity<takes<sequences_with_steps_behind_a_memory_of<Memory>>>{};
    else if constexpr (Heads > 0 && In::dims[1] % (Heads > 0 ? Heads : 1) != 0)
      return std::type_identity<takes<a_width_that_heads_divide<Heads>>>{};
    else return std::type_identity<void>{};
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::AttentionUnit<
        In, detail::AttentionCode{
                .queries = In::front - Memory, .keys = Memory, .width = In::inner, .heads = Heads, .cross = true}>;
  };

public:
  static constexpr bool reads_mask = true;
  using invalid = std::conditional_t<(Heads > 0 && Memory > 0), void,
                                     takes<one_or_more_heads_and_one_or_more_steps_of_memory>>;
  template <class In>
  using problem = typename decltype(judge<In>())::type;
  template <class In>
  using at = typename bound<In, Heads != 0 && Memory != 0 && std::is_void_v<problem<In>>>::type;
};

}  // namespace tenon
