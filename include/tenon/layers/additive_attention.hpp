#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/expr/program.hpp>
#include <tenon/init/initializer.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/layers/attention/unit.hpp>
#include <tenon/layers/cross_attention.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/net/layer.hpp>

namespace tenon {

struct one_or_more_hidden_units;
struct one_or_more_hidden_units_and_steps_of_memory;

namespace detail {

/// Its loops, compiled where a network has additive attention and not where its header is included.
template <class T>
struct AdditivePrograms {
  using softmax = typename AttentionSoftmax<T>::program;
  using tanh = expr::Program<expr::Canonical<typename Tanh::formula>>;
  static_assert(tanh::saved_rows == 0 && !tanh::reads_input(0), "tanh's backward reads its result alone");
};

/// Additive attention whatever the sizes: `queries` steps of the target look at `keys` steps of the memory.
struct AdditiveCode {
  size_t queries, keys, width, hidden;
  static constexpr bool cross = true;

  constexpr size_t pairs() const { return queries * keys; }
  // parameters, in their order
  constexpr size_t key_weight() const { return aligned(hidden * width); }
  constexpr size_t score_weight() const { return 2 * aligned(hidden * width); }
  // kept per sample: queries and keys as hidden vectors, tanh of the sum of each pair, its weight
  constexpr size_t key_place() const { return aligned(queries * hidden); }
  constexpr size_t pair_place() const { return key_place() + aligned(keys * hidden); }
  constexpr size_t weight_place() const { return pair_place() + aligned(pairs() * hidden); }
  constexpr size_t space() const { return weight_place() + aligned(pairs()); }
  constexpr Needs needs() const {
    return {.backward_reads_input = true,
            .saved = {.sample = space()},
            .backward = {.sample = space()},
            .inference = {.sample = space()}};
  }

  /// The products with the three matrices, and the sums of the memory.
  constexpr size_t macs() const { return (queries + keys) * width * hidden + pairs() * hidden + pairs() * width; }

  template <class Mode, class Ctx, class T>
  void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> target, Rows<const T> seen, Rows<T> y, Mode) const {
    using kernels::Transpose;
    T* const kept = Mode::training ? m.workspace.saved : m.workspace.scratch;
    for (size_t i = 0; i < y.count; ++i) {
      T* const own = kept + i * space();
      T *const query = own, *const key = own + key_place(), *const pair = own + pair_place(),
               *const weight = own + weight_place();
      const T *const memory = seen[i], *const steps = target[i];
      ctx.gemm(Transpose::no, Transpose::yes, queries, hidden, width, T(1), steps, width, m.parameters.values, width,
               T(0), query, hidden);
      ctx.gemm(Transpose::no, Transpose::yes, keys, hidden, width, T(1), memory, width,
               m.parameters.values + key_weight(), width, T(0), key, hidden);
      for (size_t t = 0; t < queries; ++t)
        for (size_t s = 0; s < keys; ++s)
          for (size_t j = 0; j < hidden; ++j)
            pair[(t * keys + s) * hidden + j] = query[t * hidden + j] + key[s * hidden + j];
      run<Ctx, typename AdditivePrograms<T>::tanh::Evaluate>(pair, pairs(), hidden);
      ctx.gemm(Transpose::no, Transpose::no, pairs(), 1, hidden, T(1), pair, hidden,
               m.parameters.values + score_weight(), 1, T(0), weight, 1);
      for (size_t s = 0; m.mask && s < keys; ++s)
        if (m.mask[i][s] != T(0))
          for (size_t t = 0; t < queries; ++t) weight[t * keys + s] = static_cast<T>(-1e30);
      run<Ctx, typename AdditivePrograms<T>::softmax::Evaluate>(weight, queries, keys);
      // where all steps are masked, all weights are 0
      if (m.mask && std::find(m.mask[i], m.mask[i] + keys, T(0)) == m.mask[i] + keys)
        std::fill_n(weight, pairs(), T(0));
      if constexpr (requires { ctx.attention; })
        if (ctx.attention && i == 0) ctx.attention->see(m.ids.unit, 1, queries, keys, weight);
      ctx.gemm(Transpose::no, Transpose::no, queries, width, keys, T(1), weight, keys, memory, width, T(0), y[i],
               width);
    }
  }

  template <class Ctx, class T>
  void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> target, Rows<const T> seen, Rows<const T> dy,
                Rows<T> d_target, Rows<T> d_seen) const {
    using kernels::Transpose;
    T beta = ctx.overwrite_gradients ? T(0) : T(1);
    for (size_t i = 0; i < dy.count; ++i) {
      const T *const pair = m.workspace.saved + i * space() + pair_place(), *const weight = m.workspace.saved +
                                                                                            i * space() +
                                                                                            weight_place();
      T* const own = m.workspace.scratch + i * space();
      T *const d_query = own, *const d_key = own + key_place(), *const d_pair = own + pair_place(),
               *const d_weight = own + weight_place();
      const T *const memory = seen[i], *const steps = target[i], *const slope = dy[i];
      ctx.gemm(Transpose::no, Transpose::yes, queries, keys, width, T(1), slope, width, memory, width, T(0), d_weight,
               keys);
      run_back<typename AdditivePrograms<T>::softmax>(weight, d_weight, queries, keys);
      ctx.gemm(Transpose::no, Transpose::no, pairs(), hidden, 1, T(1), d_weight, 1,
               m.parameters.values + score_weight(), hidden, T(0), d_pair, hidden);
      run_back<typename AdditivePrograms<T>::tanh>(pair, d_pair, pairs(), hidden);
      std::fill_n(d_query, queries * hidden, T(0));
      std::fill_n(d_key, keys * hidden, T(0));
      for (size_t t = 0; t < queries; ++t)
        for (size_t s = 0; s < keys; ++s)
          for (size_t j = 0; j < hidden; ++j) {
            const T d = d_pair[(t * keys + s) * hidden + j];
            d_query[t * hidden + j] += d;
            d_key[s * hidden + j] += d;
          }
      if (m.parameters.gradients) {
        T *const g_key = m.parameters.gradients + key_weight(), *const g_score = m.parameters.gradients +
                                                                                 score_weight();
        ctx.gemm(Transpose::yes, Transpose::no, hidden, width, queries, T(1), d_query, hidden, steps, width, beta,
                 m.parameters.gradients, width);
        ctx.gemm(Transpose::yes, Transpose::no, hidden, width, keys, T(1), d_key, hidden, memory, width, beta, g_key,
                 width);
        ctx.gemm(Transpose::yes, Transpose::no, hidden, 1, pairs(), T(1), pair, hidden, d_weight, 1, beta, g_score, 1);
        beta = T(1);
      }
      if (d_target)
        ctx.gemm(Transpose::no, Transpose::no, queries, width, hidden, T(1), d_query, hidden, m.parameters.values,
                 width, T(0), d_target[i], width);
      if (!d_seen) continue;
      T* const d_memory = d_seen[i];
      ctx.gemm(Transpose::no, Transpose::no, keys, width, hidden, T(1), d_key, hidden,
               m.parameters.values + key_weight(), width, T(0), d_memory, width);
      ctx.gemm(Transpose::yes, Transpose::no, keys, width, queries, T(1), weight, keys, slope, width, T(1), d_memory,
               width);
    }
  }

private:
  template <class Ctx, class Program, class T>
  static void run(T* numbers, size_t count, size_t length) {
    expr::Arguments<T> a;
    a.count = count;
    a.width = length;
    a.input[0] = {numbers, length};
    a.store[0] = {numbers, length};
    expr::LoopsIn<Ctx, Program, T>::run(a);
  }
  template <class Program, class T>
  static void run_back(const T* result, T* slope, size_t count, size_t length) {
    expr::Arguments<T> a;
    a.count = count;
    a.width = length;
    a.seed = {slope, length};
    a.output = {result, length};
    a.store[0] = {slope, length};
    expr::Loops<typename Program::template BackwardRecompute<1U, 0U>, T>::run(a);
  }
};

template <size_t Width, size_t Hidden>
struct AdditiveParameters {
  static constexpr std::array<ParameterSpec, 3> parameters{{
      {.name = "query.weight", .dims = {Hidden, Width}, .rank = 2, .fan_in = Width, .fan_out = Hidden},
      {.name = "key.weight", .dims = {Hidden, Width}, .rank = 2, .fan_in = Width, .fan_out = Hidden},
      {.name = "score.weight", .dims = {1, Hidden}, .rank = 2, .fan_in = Hidden, .fan_out = 1},
  }};
  using initializers = Initializers<LinearDefault, LinearDefault, LinearDefault>;
};

/// Of one sequence that begins with the memory.
template <class In, AdditiveCode Code>
struct AdditiveUnit : AdditiveParameters<Code.width, Code.hidden> {
  using input = In;
  using output = In;
  static constexpr const auto& code = Code;
  static constexpr bool has_mask = false;
  static constexpr Needs needs = Code.needs();
  static constexpr size_t macs = Code.macs();

  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    MemoryInFront<Code>::forward(ctx, m, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    MemoryInFront<Code>::backward(ctx, m, x, dy, dx);
  }
};

}  // namespace detail

/// Additive attention of one sequence to another (Bahdanau et al. 2015), of one head with `Hidden` units: a step q
/// looks at the steps m of the memory with the weights
///     softmax over m of  w . tanh(q Wq^T + m Wk^T),
/// and its result is the weighted sum of the memory.
///
/// `AdditiveAttention<Hidden>` has the sequence that looks and the memory as inputs of their own, and may have a mask
/// of the memory's steps as a third: 1 where a step is padding, which no step looks at, 0 where it is there; no
/// gradient goes to it. Where all steps are padding the result is 0.
///
/// Shapes: (time, width), (memory, width) and perhaps (memory) to (time, width). Parameters: query.weight (hidden,
/// width), key.weight (hidden, width), score.weight (1, hidden), all U(-1/sqrt(in), 1/sqrt(in)). PyTorch: three
/// nn.Linear(bias=False).
///
///     Node<"context", AdditiveAttention<64>, "decoder", "encoder", "padding">
template <size_t Hidden, size_t... Memory>
struct AdditiveAttention {
private:
  template <class In, bool Fits>
  struct bound {
    using type = detail::RefusedUnit<In>;
  };
  template <class In>
  struct bound<In, true> {
    using inputs = detail::AttentionInputs<In>;
    using type = detail::AttentionOfInputs<In,
                                           detail::AdditiveCode{inputs::queries, inputs::keys, inputs::width, Hidden},
                                           detail::AdditiveParameters<inputs::width, Hidden>>;
  };

public:
  static constexpr bool many_inputs = true;
  using invalid = std::conditional_t<(Hidden > 0 && sizeof...(Memory) == 0), void, takes<one_or_more_hidden_units>>;
  template <class In>
  using problem = typename detail::AttentionInputs<In>::problem;
  template <class In>
  using at = typename bound<In, Hidden != 0 && std::is_void_v<problem<In>>>::type;
};

/// The same with both in one sequence. A sample is the `Memory` steps of an encoder's output, followed by the steps
/// that look at them; the result is 0 at the memory's. Under them usually lies a recurrent layer of the decoder, and
/// over them another one (as in Wu et al. 2016). Within Masked<...> no step looks at what is not there.
///
/// Shapes: (memory + time, width) to the same.
///
///     using Decoder = Sequential<SplitAt<Source, Identity, GRU<64>>, Residual<AdditiveAttention<64, Source>>,
///                                Slice<0, Source>, GRU<64>>;
template <size_t Hidden, size_t Memory>
struct AdditiveAttention<Hidden, Memory> {
private:
  template <class In>
  static consteval auto judge() {
    if constexpr (In::rank != 2) return std::type_identity<takes<sequences_of_steps_features>>{};
    else if constexpr (In::dims[0] <= Memory)
      return std::type_identity<takes<sequences_with_steps_behind_a_memory_of<Memory>>>{};
    else return std::type_identity<void>{};
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::AdditiveUnit<In, detail::AdditiveCode{In::front - Memory, Memory, In::inner, Hidden}>;
  };

public:
  static constexpr bool reads_mask = true;
  using invalid = std::conditional_t<(Hidden > 0 && Memory > 0), void,
                                     takes<one_or_more_hidden_units_and_steps_of_memory>>;
  template <class In>
  using problem = typename decltype(judge<In>())::type;
  template <class In>
  using at = typename bound<In, Hidden != 0 && Memory != 0 && std::is_void_v<problem<In>>>::type;
};

}  // namespace tenon
