#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <tenon/layers/attention/code.hpp>
#include <tenon/layers/several_inputs.hpp>

/// How attentions are given what they look at: a sequence alone; a memory and what looks at it in one sequence; or
/// target, memory and mask as inputs of their own.
namespace tenon {

struct a_sequence_a_memory_and_maybe_a_mask;
struct sequences_of_one_width;
struct a_mask_of_as_many_numbers_as_steps;

namespace detail {

template <class T>
constexpr Rows<T> rows_from(Rows<T> rows, size_t first) {
  return {rows.data ? rows.data + first : nullptr, rows.count, rows.stride};
}

/// One sequence: the memory's steps, then those that look at them, which alone get a result. `Code` (AttentionCode,
/// AdditiveCode) has the number of each.
template <auto Code>
struct MemoryInFront {
  static constexpr size_t front = Code.keys * Code.width;

  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    for (size_t i = 0; i < y.count; ++i) std::fill_n(y[i], front, T(0));
    Code.forward(ctx, m, rows_from(x, front), x, rows_from(y, front), mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> dy, Rows<T> dx) {
    Code.backward(ctx, m, rows_from(x, front), x, rows_from(dy, front), rows_from(dx, front), dx);
  }
};

template <class In, AttentionCode Code>
struct AttentionUnit : AttentionParameters<Code.width> {
  using input = In;
  using output = In;
  static constexpr const auto& code = Code;
  static constexpr bool has_mask = false;
  static constexpr Needs needs = Code.needs();
  static constexpr size_t macs = Code.context > 0 ? 0 : Code.macs();  // those of a step grow with the steps before it

  template <class To>
  static auto onnx(To& to) requires(Code.context == 0 && !Code.cross && Code.rope == 0) {
    constexpr size_t T = Code.queries, width = Code.width, heads = Code.heads, depth = Code.depth();
    const auto dense = [&](const auto& value, auto weight, auto bias) {
      const auto transposed = to.node("Transpose", {to.parameter(weight)}, {{"perm", {1, 0}}});
      return to.node("Add", {to.node("MatMul", {value, transposed}), to.parameter(bias)});
    };
    const auto cut = to.reshape(dense(to.input(), "in_proj_weight", "in_proj_bias"), {T, 3, heads, depth});
    const auto parts = to.node("Transpose", {cut}, {{"perm", {2, 0, 3, 1, 4}}});  // (q k v, batch, heads, time, depth)
    const auto part = [&](int k) { return to.node("Gather", {parts, to.integer(k)}, {{"axis", 0}}); };
    const auto keys = to.node("Transpose", {part(1)}, {{"perm", {0, 1, 3, 2}}});
    const auto scale = to.node("Sqrt", {to.number(static_cast<double>(depth))});
    auto scores = to.node("Div", {to.node("MatMul", {part(0), keys}), scale});
    if (Code.causal) {
      typename To::Numbers later(T * T);
      for (size_t i = 0; i < T * T; ++i) later[i] = i % T > i / T ? -1e30 : 0;
      scores = to.node("Add", {scores, to.numbers({T, T}, later)});
    }
    const auto seen = to.node("MatMul", {to.node("Softmax", {scores}, {{"axis", -1}}), part(2)});
    const auto together = to.node("Transpose", {seen}, {{"perm", {0, 2, 1, 3}}});
    return dense(to.reshape(together, {T, width}), "out_proj.weight", "out_proj.bias");
  }

  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    if constexpr (Code.context > 0) Code.forward_step(ctx, m, x, y);
    else if constexpr (Code.cross) MemoryInFront<Code>::forward(ctx, m, x, y, mode);
    else Code.forward(ctx, m, x, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    static_assert(Code.context == 0, "networks that generate token by token are not trained");
    if constexpr (Code.cross) MemoryInFront<Code>::backward(ctx, m, x, dy, dx);
    else Code.backward(ctx, m, x, x, dy, dx, Rows<T>{});
  }
};

/// Inputs of their own: the sequence that looks; the memory, if that is another one (`Code.cross`); perhaps a mask of
/// the steps that are looked at, which gets no gradient. The mask of an enclosing Masked<...> is ignored here, because
/// it is of other steps.
template <class In, auto Code, class Parameters>
struct AttentionOfInputs : Parameters {
private:
  static constexpr size_t N = In::count, memory = Code.cross ? 1 : 0;

public:
  static constexpr const auto& code = Code;
  static constexpr bool has_mask = N > memory + 1;
  using input = In;
  using output = typename first_input_of<In>::type;
  static constexpr std::uint32_t sends = Code.cross ? 3 : 1;
  static constexpr Needs needs = [] {
    Needs n = Code.needs();
    n.backward_reads_input = sends;
    return n;
  }();
  static constexpr size_t macs = Code.macs();

  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, Memory<T> m, const RowsOf<const T, N>& x, Rows<T> y, Mode mode) {
    m.mask = {has_mask ? x[N - 1].data : nullptr, x[N - 1].stride};
    Code.forward(ctx, m, x[0], x[memory], y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, const RowsOf<const T, N>& x, Rows<const T>, Rows<const T> dy,
                       const RowsOf<T, N>& dx) {
    Code.backward(ctx, m, x[0], x[memory], dy, dx[0], Code.cross ? dx[memory] : Rows<T>{});
  }
};

/// What is wrong with target, memory and mask; void if nothing is.
template <class In>
struct AttentionInputs {
  using problem = takes<a_sequence_a_memory_and_maybe_a_mask>;
};
template <class Target, class Seen, class... Mask>
  requires(sizeof...(Mask) < 2)
struct AttentionInputs<Inputs<Target, Seen, Mask...>> {
private:
  static consteval auto judge() {
    if constexpr (Target::rank != 2 || Seen::rank != 2 || Target::size == 0 || Seen::size == 0)
      return std::type_identity<takes<a_sequence_a_memory_and_maybe_a_mask>>{};
    else if constexpr (Target::inner != Seen::inner) return std::type_identity<takes<sequences_of_one_width>>{};
    else if constexpr (!(std::is_same_v<Mask, Shape<Seen::front>> && ...))
      return std::type_identity<takes<a_mask_of_as_many_numbers_as_steps>>{};
    else return std::type_identity<void>{};
  }

public:
  using problem = typename decltype(judge())::type;
  static constexpr size_t queries = Target::front, keys = Seen::front, width = Target::inner;
};

}  // namespace detail
}  // namespace tenon
