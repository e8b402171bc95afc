#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>

#include <tenon/expr/program.hpp>
#include <tenon/init/initializer.hpp>
#include <tenon/kernels/gemm_types.hpp>
#include <tenon/layers/attention/options.hpp>
#include <tenon/layers/several_inputs.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/layer.hpp>

namespace tenon::detail {

/// The softmax of its weights, compiled where a network has attention and not where its header is included.
template <class T>
struct AttentionSoftmax {
  using program = expr::Program<expr::Canonical<typename Softmax::formula>>;
  static_assert(program::saved_rows == 0 && !program::reads_input(0), "its backward reads its result alone");
};

/// Scaled dot-product attention of all heads, whatever the sizes: `queries` steps of the target look at `keys` steps of
/// the memory. Of self-attention these are the same.
struct AttentionCode {
  size_t queries, keys, width, heads;
  bool causal = false, cross = false;
  double rope = 0;     // the base of its angles, or 0
  size_t context = 0;  // steps that are remembered, where it is given one step a call; else 0

  constexpr size_t depth() const { return width / heads; }
  // parameters, in their order
  constexpr size_t in_bias() const { return aligned(3 * width * width); }
  constexpr size_t out_weight() const { return in_bias() + aligned(3 * width); }
  constexpr size_t out_bias() const { return out_weight() + aligned(width * width); }
  // kept per sample: queries, keys and values, the weights of each head, the results of the heads. Where a step is both
  // query and key, its three vectors lie side by side; otherwise queries come first, then key and value of each step.
  constexpr size_t query_step() const { return cross ? width : 3 * width; }
  constexpr size_t key_step() const { return cross ? 2 * width : 3 * width; }
  constexpr size_t key_place() const { return cross ? aligned(queries * width) : 0; }
  constexpr size_t weights_place() const { return key_place() + aligned(keys * key_step()); }
  constexpr size_t given_place() const { return weights_place() + aligned(heads * queries * keys); }
  constexpr size_t space() const { return given_place() + aligned(queries * width); }
  // cosine and sine for each pair of a head, at each place
  constexpr size_t angles() const { return rope > 0 ? aligned((context > 0 ? 1 : keys) * depth()) : 0; }
  // remembered: how many steps, their keys, their values
  constexpr size_t memory_place() const { return alignment; }
  constexpr Needs needs() const {
    if (context > 0)
      return {.inference = {aligned(3 * width) + aligned(heads * context) + aligned(width), angles()},
              .state = memory_place() + aligned(2 * context * width)};
    return {.backward_reads_input = true,
            .saved = {.sample = space()},
            .forward = {.fixed = angles()},
            .backward = {space(), angles()},
            .inference = {space(), angles()}};
  }

  /// Multiplications of the projections and of the heads.
  constexpr size_t macs() const {
    const size_t in = cross ? queries + 2 * keys : 3 * queries;
    return (in + queries) * width * width + 2 * queries * keys * width;
  }

  template <class Mode, class Ctx, class T>
  void forward(Ctx& ctx, const Memory<T>& m, Rows<const T> target, Rows<const T> memory, Rows<T> y, Mode) const {
    using kernels::Transpose;
    const size_t batch = y.count;
    T* const kept = Mode::training ? m.workspace.saved : m.workspace.scratch;
    if (cross) {
      project(ctx, m.parameters.values, in_bias(), 0, width, target, queries, kept, queries * width);
      project(ctx, m.parameters.values, in_bias(), width, 2 * width, memory, keys, kept + key_place() * batch,
              2 * keys * width);
    } else {
      project(ctx, m.parameters.values, in_bias(), 0, 3 * width, target, queries, kept, 3 * queries * width);
    }
    if (rope > 0) {
      make_angles(m.workspace.scratch_fixed, 0, keys);
      for (size_t i = 0; i < batch; ++i) turn(kept + i * queries * 3 * width, queries, m.workspace.scratch_fixed, T(1));
    }
    for (size_t i = 0; i < batch; ++i)
      for (size_t h = 0; h < heads; ++h) {
        const Head<T> head(*this, kept, batch, i, h);
        small_gemm(ctx, Transpose::no, Transpose::yes, queries, keys, depth(), scale<T>(), head.query, query_step(),
                   head.key, key_step(), T(0), head.weights, keys);
        hide(m, i, head.weights);
        run_softmax<Ctx>(head.weights, queries, keys);
        blank(m, i, head.weights);
        small_gemm(ctx, Transpose::no, Transpose::no, queries, depth(), keys, T(1), head.weights, keys, head.value,
                   key_step(), T(0), head.given, width);
      }
    if constexpr (requires { ctx.attention; })
      if (ctx.attention) ctx.attention->see(m.ids.unit, heads, queries, keys, kept + weights_place() * batch);
    give_out(ctx, m.parameters.values, kept + given_place() * batch, y);
  }

  /// One step of sequences whose steps before are remembered.
  template <class Ctx, class T>
  void forward_step(Ctx& ctx, const Memory<T>& m, Rows<const T> x, Rows<T> y) const {
    const size_t batch = x.count;
    T* const qkv = m.workspace.scratch;
    T* const weights = qkv + aligned(3 * width) * batch;
    T* const given = weights + aligned(heads * context) * batch;
    project(ctx, m.parameters.values, in_bias(), 0, 3 * width, x, 1, qkv, 3 * width);
    for (size_t i = 0; i < batch; ++i) {
      const size_t place = next_place(m, i, context, 1);
      T* const own = qkv + i * 3 * width;
      if (rope > 0) {
        make_angles(m.workspace.scratch_fixed, place, 1);
        turn(own, 1, m.workspace.scratch_fixed, T(1));
      }
      // without a memory a step sees itself alone
      const T* keys_seen = own + width;
      const T* values_seen = own + 2 * width;
      if (m.state) {
        T* const remembered = m.state[i] + memory_place();
        std::copy_n(own + width, width, remembered + place * width);
        std::copy_n(own + 2 * width, width, remembered + (context + place) * width);
        keys_seen = remembered;
        values_seen = remembered + context * width;
      }
      const size_t seen = m.state ? place + 1 : 1;
      for (size_t h = 0; h < heads; ++h) {
        const T* const query = own + h * depth();
        T* const row = weights + i * heads * context + h * context;
        for (size_t t = 0; t < seen; ++t) {
          T sum = 0;
          for (size_t j = 0; j < depth(); ++j) sum += query[j] * keys_seen[t * width + h * depth() + j];
          row[t] = scale<T>() * sum;
        }
        run_softmax<Ctx>(row, 1, seen);
        T* const result = given + i * width + h * depth();
        std::fill_n(result, depth(), T(0));
        for (size_t t = 0; t < seen; ++t)
          for (size_t j = 0; j < depth(); ++j) result[j] += row[t] * values_seen[t * width + h * depth() + j];
      }
    }
    give_out(ctx, m.parameters.values, given, y);
  }

  /// In self-attention the gradients of target and memory are added, in `d_target`.
  template <class Ctx, class T>
  void backward(Ctx& ctx, const Memory<T>& m, Rows<const T> target, Rows<const T> memory, Rows<const T> dy,
                Rows<T> d_target, Rows<T> d_memory) const {
    using kernels::Transpose;
    const size_t batch = dy.count;
    const T* const given = m.workspace.saved + given_place() * batch;
    T* const d_kept = m.workspace.scratch;
    T* const d_given = m.workspace.scratch + given_place() * batch;
    project_back(ctx, m.parameters.values + out_weight(), width, dy, queries, Rows<T>{d_given, batch, queries * width});
    for (size_t i = 0; i < batch; ++i)
      for (size_t h = 0; h < heads; ++h) {
        const Head<T> head(*this, m.workspace.saved, batch, i, h), slope(*this, m.workspace.scratch, batch, i, h);
        small_gemm(ctx, Transpose::yes, Transpose::no, keys, depth(), queries, T(1), head.weights, keys, slope.given,
                   width, T(0), slope.value, key_step());
        small_gemm(ctx, Transpose::no, Transpose::yes, queries, keys, depth(), T(1), slope.given, width, head.value,
                   key_step(), T(0), slope.weights, keys);
        expr::Arguments<T> a = rows_of<T>(queries, keys);
        a.seed = {slope.weights, keys};
        a.output = {head.weights, keys};
        a.store[0] = {slope.weights, keys};
        expr::Loops<typename AttentionSoftmax<T>::program::template BackwardRecompute<1U, 0U>, T>::run(a);
        small_gemm(ctx, Transpose::no, Transpose::no, queries, depth(), keys, scale<T>(), slope.weights, keys, head.key,
                   key_step(), T(0), slope.query, query_step());
        small_gemm(ctx, Transpose::yes, Transpose::no, keys, depth(), queries, scale<T>(), slope.weights, keys,
                   head.query, query_step(), T(0), slope.key, key_step());
      }
    if (rope > 0) {
      make_angles(m.workspace.scratch_fixed, 0, keys);
      for (size_t i = 0; i < batch; ++i)
        turn(d_kept + i * queries * 3 * width, queries, m.workspace.scratch_fixed, T(-1));
    }
    // for each part of the input's projection: the rows of its weight, the steps it is applied to, the gradients of
    // its results
    struct Projection {
      size_t first, count, steps, place;
      Rows<const T> x;
      Rows<T> dx;
    };
    const Projection own[2]{{0, cross ? width : 3 * width, queries, 0, target, d_target},
                            {width, 2 * width, keys, key_place(), memory, d_memory}};
    if (m.parameters.gradients)
      gradients(ctx, dy, queries, Rows<const T>{given, batch, queries * width}, width,
                m.parameters.gradients + out_weight(), m.parameters.gradients + out_bias());
    for (size_t k = 0; k < (cross ? 2 : 1); ++k) {
      const Projection& p = own[k];
      const Rows<const T> slopes{d_kept + p.place * batch, batch, p.steps * p.count};
      if (m.parameters.gradients)
        gradients(ctx, slopes, p.steps, p.x, p.count, m.parameters.gradients + p.first * width,
                  m.parameters.gradients + in_bias() + p.first);
      if (p.dx) project_back(ctx, m.parameters.values + p.first * width, p.count, slopes, p.steps, p.dx);
    }
  }

  /// Queries and keys of one sample, as `forward` keeps them, before rotation. `angles`: scratch, angles() numbers.
  template <class T>
  void turn_back(T* kept, T* angles_of_places) const {
    make_angles(angles_of_places, 0, keys);
    turn(kept, queries, angles_of_places, T(-1));
  }

private:
  /// Where a head's numbers begin; those of a step lie among the others of its step.
  template <class T>
  struct Head {
    T *query, *key, *value, *weights, *given;
    Head(const AttentionCode& c, T* kept, size_t batch, size_t sample, size_t head)
        : query(kept + sample * c.queries * c.query_step() + head * c.depth()),
          key(kept + c.key_place() * batch + sample * c.keys * c.key_step() + (c.cross ? 0 : c.width) +
              head * c.depth()),
          value(key + c.width),
          weights(kept + c.weights_place() * batch + (sample * c.heads + head) * c.queries * c.keys),
          given(kept + c.given_place() * batch + sample * c.queries * c.width + head * c.depth()) {}
  };

  template <class T>
  T scale() const {
    return static_cast<T>(1 / std::sqrt(static_cast<double>(depth())));
  }
  template <class T>
  static expr::Arguments<T> rows_of(size_t count, size_t length) {
    expr::Arguments<T> a;
    a.count = count;
    a.width = length;
    return a;
  }
  template <class Ctx, class T>
  static void run_softmax(T* weights, size_t count, size_t length) {
    expr::Arguments<T> a = rows_of<T>(count, length);
    a.input[0] = {weights, length};
    a.store[0] = {weights, length};
    expr::LoopsIn<Ctx, typename AttentionSoftmax<T>::program::Evaluate, T>::run(a);
  }
  /// Weights of steps that must not be seen, later or masked ones, become 0.
  template <class T>
  void hide(const Memory<T>& m, size_t sample, T* weights) const {
    constexpr auto unseen = static_cast<T>(-1e30);
    if (causal)
      for (size_t t = 0; t + 1 < queries; ++t) std::fill(weights + t * keys + t + 1, weights + (t + 1) * keys, unseen);
    if (!m.mask) return;
    const T* const mask = m.mask[sample];
    for (size_t k = 0; k < keys; ++k)
      if (mask[k] != T(0))
        for (size_t t = 0; t < queries; ++t) weights[t * keys + k] = unseen;
  }
  /// Where a step sees nothing at all, as padding in front of a causal sequence does, all of its weights become 0;
  /// softmax alone would give equal weights to steps that must not be seen.
  template <class T>
  void blank(const Memory<T>& m, size_t sample, T* weights) const {
    if (!m.mask) return;
    const T* const mask = m.mask[sample];
    const auto first_seen = static_cast<size_t>(std::find(mask, mask + keys, T(0)) - mask);
    for (size_t t = 0; t < queries; ++t)
      if (first_seen >= (causal ? t + 1 : keys)) std::fill_n(weights + t * keys, keys, T(0));
  }

  template <class T>
  void make_angles(T* table, size_t first, size_t steps) const {
    for (size_t t = 0; t < steps; ++t)
      for (size_t j = 0; j + 1 < depth(); j += 2) {
        const double angle = static_cast<double>(first + t) *
                             std::pow(rope, -static_cast<double>(j) / static_cast<double>(depth()));
        table[t * depth() + j] = static_cast<T>(std::cos(angle));
        table[t * depth() + j + 1] = static_cast<T>(std::sin(angle));
      }
  }
  /// Rotates queries and keys, or with direction -1 their gradients back.
  template <class T>
  void turn(T* qkv, size_t steps, const T* table, T direction) const {
    for (size_t t = 0; t < steps; ++t)
      for (size_t h = 0; h < 2 * heads; ++h) {
        T* const v = qkv + t * 3 * width + h * depth();
        const T* const angle = table + t * depth();
        for (size_t j = 0; j + 1 < depth(); j += 2) {
          const T c = angle[j], s = direction * angle[j + 1], a = v[j], b = v[j + 1];
          v[j] = c * a - s * b;
          v[j + 1] = s * a + c * b;
        }
      }
  }

  /// Samples that lie side by side are one product: work(first sample, rows).
  template <class T, class F>
  void each_block(Rows<T> rows, size_t steps, size_t features, F work) const {
    if (rows.stride == steps * features || rows.count == 1) return work(size_t{0}, rows.count * steps);
    for (size_t i = 0; i < rows.count; ++i) work(i, steps);
  }
  /// to = x W^T + b, with the rows `first` to `first + count` of the input's projection.
  template <class Ctx, class T>
  void project(Ctx& ctx, const T* parameters, size_t bias, size_t first, size_t count, Rows<const T> x, size_t steps,
               T* to, size_t to_stride) const {
    for (size_t row = 0; row < x.count * steps; ++row) std::copy_n(parameters + bias + first, count, to + row * count);
    each_block(x, steps, width, [&](size_t sample, size_t rows) {
      ctx.gemm(kernels::Transpose::no, kernels::Transpose::yes, rows, count, width, T(1), x[sample], width,
               parameters + first * width, width, T(1), to + sample * to_stride, count);
    });
  }
  template <class Ctx, class T>
  void give_out(Ctx& ctx, const T* parameters, const T* given, Rows<T> y) const {
    for (size_t i = 0; i < y.count; ++i)
      for (size_t t = 0; t < queries; ++t) std::copy_n(parameters + out_bias(), width, y[i] + t * width);
    each_block(y, queries, width, [&](size_t sample, size_t rows) {
      ctx.gemm(kernels::Transpose::no, kernels::Transpose::yes, rows, width, width, T(1),
               given + sample * queries * width, width, parameters + out_weight(), width, T(1), y[sample], width);
    });
  }
  /// dx = dy W, of `count` numbers a step in dy.
  template <class Ctx, class T>
  void project_back(Ctx& ctx, const T* weight, size_t count, Rows<const T> dy, size_t steps, Rows<T> dx) const {
    const auto multiply = [&](size_t sample, size_t rows) {
      ctx.gemm(kernels::Transpose::no, kernels::Transpose::no, rows, width, count, T(1), dy[sample], count, weight,
               width, T(0), dx[sample], width);
    };
    if (dy.stride == steps * count) each_block(dx, steps, width, multiply);
    else each_block(dy, steps, count, multiply);
  }
  /// Of y = x W^T + b: dW += dy^T x, db += the sum of dy.
  template <class Ctx, class T>
  void gradients(Ctx& ctx, Rows<const T> dy, size_t steps, Rows<const T> x, size_t outputs, T* weight, T* bias) const {
    if (ctx.overwrite_gradients) std::fill_n(bias, outputs, T(0));
    for (size_t i = 0; i < dy.count; ++i)
      for (size_t t = 0; t < steps; ++t) {
        const T* const slope = dy[i] + t * outputs;
        for (size_t j = 0; j < outputs; ++j) bias[j] += slope[j];
      }
    T beta = ctx.overwrite_gradients ? T(0) : T(1);
    const auto multiply = [&](size_t sample, size_t rows) {
      ctx.gemm(kernels::Transpose::yes, kernels::Transpose::no, outputs, width, rows, T(1), dy[sample], outputs,
               x[sample], width, beta, weight, width);
      beta = T(1);
    };
    if (dy.stride == steps * outputs) each_block(x, steps, width, multiply);
    else each_block(dy, steps, outputs, multiply);
  }
};

/// The parameters of an attention; the input's projections are those of queries, keys and values, one below the other.
template <size_t Width>
struct AttentionParameters {
  static constexpr std::array<ParameterSpec, 4> parameters{{
      {.name = "in_proj_weight", .dims = {3 * Width, Width}, .rank = 2, .fan_in = Width, .fan_out = 3 * Width},
      {.name = "in_proj_bias", .dims = {3 * Width}, .rank = 1, .fan_in = Width, .fan_out = 3 * Width},
      {.name = "out_proj.weight", .dims = {Width, Width}, .rank = 2, .fan_in = Width, .fan_out = Width},
      {.name = "out_proj.bias", .dims = {Width}, .rank = 1, .fan_in = Width, .fan_out = Width},
  }};
  using initializers = Initializers<XavierUniform<>, Zeros, LinearDefault, Zeros>;
};

}  // namespace tenon::detail
