#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include <tenon/expr/program.hpp>
#include <tenon/init/initializer.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>

namespace tenon {

/// The heads of an attention have to divide the width of its sequences.
template <std::size_t Heads>
struct a_width_that_heads_divide;
struct one_or_more_heads;

namespace option {

struct Causal {};

}  // namespace option

/// Of an attention: a step sees itself and those before it.
inline constexpr option::Causal causal{};

namespace detail {

template <auto... Option>
inline constexpr bool is_causal = (std::is_same_v<std::remove_const_t<decltype(Option)>, option::Causal> || ...);

/// Scaled dot-product attention of all heads, whatever the sizes.
struct AttentionCode {
  std::size_t steps, width, heads;
  bool causal;

  using softmax = expr::Program<expr::Canonical<typename Softmax::formula>>;
  static_assert(softmax::saved_rows == 0 && !softmax::reads_input(0), "softmax's backward reads its result alone");

  constexpr std::size_t depth() const { return width / heads; }
  constexpr std::size_t tables() const { return heads * steps * steps; }
  // parameters, in their order
  constexpr std::size_t in_bias() const { return aligned(3 * width * width); }
  constexpr std::size_t out_weight() const { return in_bias() + aligned(3 * width); }
  constexpr std::size_t out_bias() const { return out_weight() + aligned(width * width); }
  // kept per sample: queries, keys and values of each step side by side, the weights of each head, what heads gave
  constexpr std::size_t weights_place() const { return aligned(steps * 3 * width); }
  constexpr std::size_t given_place() const { return weights_place() + aligned(tables()); }
  constexpr std::size_t room() const { return given_place() + aligned(steps * width); }
  // backward: their gradients
  constexpr Needs needs() const {
    return {.backward_reads_input = true, .saved_sample = room(), .backward_scratch_sample = room(), .inference_scratch_sample = room()};
  }

  template <class Mode, class Ctx, class T>
  void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) const {
    using kernels::Transpose;
    const std::size_t batch = x.count;
    T* const kept = Mode::training ? m.saved : m.scratch;
    T* const qkv = kept;
    T* const given = kept + given_place() * batch;
    for (std::size_t row = 0; row < batch * steps; ++row) std::copy_n(m.parameters + in_bias(), 3 * width, qkv + row * 3 * width);
    each_block(x, [&](std::size_t first, std::size_t rows) {
      ctx.gemm(Transpose::no, Transpose::yes, rows, 3 * width, width, T(1), x.data + first * x.stride, width, m.parameters, width, T(1),
               qkv + first * steps * 3 * width, 3 * width);
    });
    for (std::size_t i = 0; i < batch; ++i)
      for (std::size_t h = 0; h < heads; ++h) {
        const Head<T> head(*this, kept, batch, i, h);
        ctx.gemm(Transpose::no, Transpose::yes, steps, steps, depth(), scale<T>(), head.query, 3 * width, head.key, 3 * width, T(0), head.weights, steps);
        if (causal)
          for (std::size_t t = 0; t + 1 < steps; ++t) std::fill(head.weights + t * steps + t + 1, head.weights + (t + 1) * steps, T(-1e30));
        expr::Arguments<T> a = rows_of<T>();
        a.input[0] = {head.weights, steps};
        a.store[0] = {head.weights, steps};
        expr::Loops<typename softmax::Evaluate, T>::run(a);
        ctx.gemm(Transpose::no, Transpose::no, steps, depth(), steps, T(1), head.weights, steps, head.value, 3 * width, T(0), head.given, width);
      }
    for (std::size_t i = 0; i < batch; ++i)
      for (std::size_t t = 0; t < steps; ++t) std::copy_n(m.parameters + out_bias(), width, y[i] + t * width);
    each_block(Rows<const T>(y), [&](std::size_t first, std::size_t rows) {
      ctx.gemm(Transpose::no, Transpose::yes, rows, width, width, T(1), given + first * steps * width, width, m.parameters + out_weight(), width, T(1),
               y.data + first * y.stride, width);
    });
  }

  template <class Ctx, class T>
  void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T> dy, Rows<T> dx) const {
    using kernels::Transpose;
    const std::size_t batch = dy.count;
    const T* const given = m.saved + given_place() * batch;
    T* const d_qkv = m.scratch;
    T* const d_given = m.scratch + given_place() * batch;
    each_block(dy, [&](std::size_t first, std::size_t rows) {
      ctx.gemm(Transpose::no, Transpose::no, rows, width, width, T(1), dy.data + first * dy.stride, width, m.parameters + out_weight(), width, T(0),
               d_given + first * steps * width, width);
    });
    for (std::size_t i = 0; i < batch; ++i)
      for (std::size_t h = 0; h < heads; ++h) {
        const Head<T> head(*this, m.saved, batch, i, h), slope(*this, m.scratch, batch, i, h);
        ctx.gemm(Transpose::yes, Transpose::no, steps, depth(), steps, T(1), head.weights, steps, slope.given, width, T(0), slope.value, 3 * width);
        ctx.gemm(Transpose::no, Transpose::yes, steps, steps, depth(), T(1), slope.given, width, head.value, 3 * width, T(0), slope.weights, steps);
        expr::Arguments<T> a = rows_of<T>();
        a.seed = {slope.weights, steps};
        a.output = {head.weights, steps};
        a.store[0] = {slope.weights, steps};
        expr::Loops<typename softmax::template BackwardRecompute<1U, 0U>, T>::run(a);
        ctx.gemm(Transpose::no, Transpose::no, steps, depth(), steps, scale<T>(), slope.weights, steps, head.key, 3 * width, T(0), slope.query, 3 * width);
        ctx.gemm(Transpose::yes, Transpose::no, steps, depth(), steps, scale<T>(), slope.weights, steps, head.query, 3 * width, T(0), slope.key, 3 * width);
      }
    if (m.gradients) {
      gradients(ctx, dy, given, width, m.gradients + out_weight(), m.gradients + out_bias());
      gradients(ctx, Rows<const T>{d_qkv, batch, steps * 3 * width}, x, 3 * width, m.gradients, m.gradients + in_bias());
    }
    if (!dx) return;
    each_block(Rows<const T>(dx), [&](std::size_t first, std::size_t rows) {
      ctx.gemm(Transpose::no, Transpose::no, rows, width, 3 * width, T(1), d_qkv + first * steps * 3 * width, 3 * width, m.parameters, width, T(0),
               dx.data + first * dx.stride, width);
    });
  }

private:
  /// Where a head's numbers begin; those of a step lie among the others of its step.
  template <class T>
  struct Head {
    T *query, *key, *value, *weights, *given;
    Head(const AttentionCode& c, T* kept, std::size_t batch, std::size_t sample, std::size_t head)
        : query(kept + sample * c.steps * 3 * c.width + head * c.depth()),
          key(query + c.width),
          value(key + c.width),
          weights(kept + c.weights_place() * batch + sample * c.tables() + head * c.steps * c.steps),
          given(kept + c.given_place() * batch + sample * c.steps * c.width + head * c.depth()) {}
  };

  template <class T>
  T scale() const {
    return static_cast<T>(1 / std::sqrt(static_cast<double>(depth())));
  }
  template <class T>
  expr::Arguments<T> rows_of() const {
    expr::Arguments<T> a;
    a.count = steps;
    a.width = steps;
    return a;
  }
  /// Samples that lie side by side are one product.
  template <class T, class F>
  void each_block(Rows<const T> rows, F work) const {
    if (rows.stride == steps * width) return work(std::size_t{0}, rows.count * steps);
    for (std::size_t i = 0; i < rows.count; ++i) work(i, steps);
  }

  /// Of y = x W^T + b: dW += dy^T x, db += the sum of dy.
  template <class Ctx, class T>
  void gradients(Ctx& ctx, Rows<const T> dy, const T* x, std::size_t outputs, T* weight, T* bias) const {
    gradients(ctx, dy, Rows<const T>{x, dy.count, steps * width}, outputs, weight, bias);
  }
  template <class Ctx, class T>
  void gradients(Ctx& ctx, Rows<const T> dy, Rows<const T> x, std::size_t outputs, T* weight, T* bias) const {
    using kernels::Transpose;
    if (ctx.overwrite_gradients) std::fill_n(bias, outputs, T(0));
    for (std::size_t i = 0; i < dy.count; ++i)
      for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t j = 0; j < outputs; ++j) bias[j] += dy[i][t * outputs + j];
    const bool together = dy.stride == steps * outputs && x.stride == steps * width;
    T beta = ctx.overwrite_gradients ? T(0) : T(1);
    for (std::size_t i = 0; i < (together ? 1 : dy.count); ++i) {
      ctx.gemm(Transpose::yes, Transpose::no, outputs, width, together ? dy.count * steps : steps, T(1), dy[i], outputs, x[i], width, beta, weight, width);
      beta = T(1);
    }
  }
};

template <class In, std::size_t Heads, bool Causal>
struct AttentionUnit {
  using input = In;
  using output = In;
  static constexpr std::size_t width = In::dims[1];
  static constexpr AttentionCode code{In::dims[0], width, Heads, Causal};
  static constexpr Needs needs = code.needs();
  static constexpr std::array<ParameterSpec, 4> parameters{{
      {.name = "in_proj_weight", .dims = {3 * width, width}, .rank = 2, .fan_in = width, .fan_out = 3 * width},
      {.name = "in_proj_bias", .dims = {3 * width}, .rank = 1, .fan_in = width, .fan_out = 3 * width},
      {.name = "out_proj.weight", .dims = {width, width}, .rank = 2, .fan_in = width, .fan_out = width},
      {.name = "out_proj.bias", .dims = {width}, .rank = 1, .fan_in = width, .fan_out = width},
  }};
  using initializers = Initializers<XavierUniform, Zeros, LinearDefault, Zeros>;

  template <class Mode, class Ctx, class T>
  static void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode mode) {
    code.forward(ctx, m, x, y, mode);
  }
  template <class Ctx, class T>
  static void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    code.backward(ctx, m, x, dy, dx);
  }
};

}  // namespace detail

/// Multi-head self-attention (Vaswani et al. 2017): with q, k, v = x W^T + b cut into heads of depth d = width / Heads,
///     y = [softmax(q k^T / sqrt(d)) v of each head] Wo^T + bo.
/// With `causal` a step attends to itself and to those before.
///
/// Shapes: (time, width) to the same. Parameters: in_proj_weight (3 width, width), in_proj_bias (3 width), out_proj.weight
/// (width, width), out_proj.bias (width). PyTorch: nn.MultiheadAttention(batch_first=True) of (x, x, x). ONNX: MatMul, Softmax.
///
///     using Block = Sequential<Residual<LayerNorm<>, MultiheadAttention<4, causal>>,
///                              Residual<LayerNorm<>, Dense<512>, ReLU, Dense<128>>>;
template <std::size_t Heads, auto... Option>
struct MultiheadAttention {
private:
  template <class In>
  static consteval auto judge() {
    if constexpr (In::rank != 2) return std::type_identity<takes<sequences_of_steps_features>>{};
    else if constexpr (Heads > 0 && In::dims[1] % (Heads > 0 ? Heads : 1) != 0) return std::type_identity<takes<a_width_that_heads_divide<Heads>>>{};
    else return std::type_identity<void>{};
  }
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::AttentionUnit<In, Heads, detail::is_causal<Option...>>;
  };

public:
  using invalid = std::conditional_t<(Heads > 0), void, takes<one_or_more_heads>>;
  template <class In>
  using problem = typename decltype(judge<In>())::type;
  template <class In>
  using at = typename bound<In, Heads != 0 && std::is_void_v<problem<In>>>::type;
};

}  // namespace tenon
