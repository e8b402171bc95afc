#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <tenon/layers/recurrent/pass.hpp>

/// The gated recurrent unit whose reset gate acts on the state before its matrix product. A step has two
/// products, so its element-wise part is two loops: what comes before the second product and what after.
namespace tenon::detail {

/// The reset gate and the state as it lets it through.
struct ResetStage {
  static constexpr int gates = 1, blocks = 1;
  static constexpr bool hidden_apart = false, has_memory = false;

private:
  static constexpr auto reset = sigmoid(recurrence::gate<0>);
  static constexpr auto passed = reset * recurrence::previous<blocks>;

public:
  using kept = list<expr::lift<reset>>;
  using next = list<expr::lift<passed>>;
};

/// The update gate, the candidate and the new state.
struct UpdateStage {
  static constexpr int gates = 2, blocks = 2;
  static constexpr bool hidden_apart = false, has_memory = false;

private:
  static constexpr auto update = sigmoid(recurrence::gate<0>);
  static constexpr auto candidate = tanh(recurrence::gate<1>);
  static constexpr auto hidden = (1 - update) * candidate + update * recurrence::previous<blocks>;

public:
  using kept = list<expr::lift<update>, expr::lift<candidate>>;
  using next = list<expr::lift<hidden>>;
};

/// Both together: blocks r, z, n.
struct ResetBeforeGruCell {
  static constexpr int gates = 3, blocks = 3;
  static constexpr bool hidden_apart = false, has_memory = false;
  static constexpr OwnOption own_options = own_reset_before;

  static constexpr const char* onnx = "GRU";
  static constexpr std::array onnx_gates{1, 0, 2};
  template <class To>
  static auto onnx_attributes(To&, size_t) {
    return typename To::Attributes{{"linear_before_reset", 0}};
  }
};

/// A pass as RecurrentPass is one. A step keeps r, z, n and the state that the reset gate lets through.
struct ResetBeforePass : PassBase<ResetBeforeGruCell> {
  using first = CellProgram<ResetStage>;
  using second = CellProgram<UpdateStage>;
  using parameters = list<>;
  static constexpr bool complete = true;
  static constexpr size_t features = 0, row = 4, states = 1;

  static constexpr size_t forward_space(size_t hidden) { return (blocks + 1) * hidden; }
  static constexpr size_t inference_space(size_t hidden) { return forward_space(hidden); }
  static constexpr size_t backward_space(size_t hidden) { return (blocks + 1) * hidden; }
  static constexpr size_t carried(size_t hidden) { return 2 * hidden; }

  template <bool Training, class Ctx, class T>
  static void forward(const PassSizes& p, Ctx& ctx, size_t batch, const PassWeights<const T>& w, Steps<const T> x,
                      Steps<T> y, Steps<T> rows, Lengths<T> lengths, Start<T> kept_state, T* carry, T* space) {
    const size_t n = p.hidden;
    T* const zeros = space + blocks * n;
    std::fill_n(zeros, n, T(0));
    set_biases(p, batch, w, rows, space);
    multiply_steps(ctx, {batch, p.steps}, x, p.in, w.input, kernels::Transpose::yes, T(1), rows, gates * n);

    expr::Arguments<T> a = arguments<T>(batch, n), b = a;
    for (size_t s = 0; s < p.steps; ++s) {
      const size_t now = at(p, s), before = s > 0 ? at(p, s - 1) : now;
      T* const z = rows.at(0, now);
      const expr::Array<T> passed = Training ? expr::Array<T>{z + 3 * n, rows.stride} : expr::Array<T>{carry, n};
      const bool starts = s == 0 && !kept_state;
      const expr::Array<const T> state = state_before(s, y.at(0, before), y.stride, kept_state, zeros);
      if (!starts) step_product(ctx, batch, state.data, state.stride, n, w.recurrent, 2 * n, z, rows.stride);
      a.input[0] = a_block(z, rows.stride);
      a.input[1] = state;
      a.store[0] = {Training ? z : nullptr, rows.stride};
      a.store[1] = passed;
      expr::LoopsIn<Ctx, first::template Forward<Training>, T>::run(a);
      if (!starts)
        step_product<Ctx, T>(ctx, batch, passed.data, passed.stride, n, w.recurrent + 2 * n * n, n, z + 2 * n,
                             rows.stride);
      for (size_t k = 0; k < 2; ++k) {
        b.input[k] = a_block(z + (k + 1) * n, rows.stride);
        b.store[k] = {Training ? z + (k + 1) * n : nullptr, rows.stride};
      }
      b.input[2] = state;
      b.store[2] = {y.at(0, now), y.stride};
      expr::LoopsIn<Ctx, second::template Forward<Training>, T>::run(b);
      lengths.clear_after_end(now, batch, y.at(0, now), y.stride, n);
      if (kept_state && s + 1 == p.steps)
        for (size_t sample = 0; sample < batch; ++sample)
          std::copy_n(y.at(sample, now), n, kept_state.data + sample * kept_state.stride);
    }
  }

  template <class Ctx, class T>
  static void backward(const PassSizes& p, Ctx& ctx, size_t batch, const PassWeights<const T>& w,
                       const PassWeights<T>& dw, Steps<const T> x, Steps<const T> y, Steps<const T> dy, bool last_only,
                       Steps<T> dx, bool add_dx, Steps<T> rows, Lengths<T> lengths, Start<T> start, T* carry,
                       T* space) {
    using kernels::Transpose;
    const size_t n = p.hidden;
    const bool overwrite = ctx.overwrite_gradients;
    T* const zeros = space + blocks * n;
    std::fill_n(zeros, n, T(0));
    T *const dh = carry, *const passed_gradient = carry + batch * n;
    std::fill_n(dh, batch * n, T(0));

    expr::Arguments<T> a = arguments<T>(batch, n), b = a;
    for (size_t s = p.steps; s-- > 0;) {
      const size_t now = at(p, s), before = s > 0 ? at(p, s - 1) : now;
      T* const z = rows.at(0, now);
      const expr::Array<const T> state = state_before(s, y.at(0, before), y.stride, start, zeros);
      for (size_t k = 0; k < 2; ++k) {
        b.input[k] = a_block(z + (k + 1) * n, rows.stride);
        b.store[k] = {z + (k + 1) * n, rows.stride};
      }
      b.input[2] = state;
      b.input[3] = {dh, n};
      b.seed = from_above(p, batch, dy, last_only, s, lengths, dh, zeros);
      b.store[2] = {dh, n};
      expr::LoopsIn<Ctx, second::template Backward<false>, T>::run(b);
      multiply_one_step<Ctx, T>(ctx, Transpose::no, batch, n, n, z + 2 * n, rows.stride, w.recurrent + 2 * n * n, T(0),
                                passed_gradient, n);
      a.input[0] = a_block(z, rows.stride);
      a.input[1] = state;
      a.input[2] = {zeros, 0};
      a.seed = {passed_gradient, n};
      a.store[0] = {z, rows.stride};
      a.store[1] = {dh, n};
      expr::LoopsIn<Ctx, first::template Backward<true>, T>::run(a);
      lengths.clear_after_end(now, batch, z, rows.stride, blocks * n);
      lengths.clear_after_end(now, batch, dh, n, n);
      if (s > 0)
        multiply_one_step<Ctx, T>(ctx, Transpose::no, batch, n, 2 * n, z, rows.stride, w.recurrent, T(1), dh, n);
    }

    const Extent all{batch, p.steps};
    if (dx) multiply_steps<Ctx, T>(ctx, all, rows, gates * n, w.input, Transpose::no, T(add_dx ? 1 : 0), dx, p.in);
    if (!dw.input) return;
    add_steps<Ctx, T>(ctx, all, rows, gates * n, x, p.in, overwrite, dw.input);
    if (p.bias) add_biases(p, batch, rows, overwrite, dw, space);
    add_steps<Ctx, T>(ctx, all, rows.from(2 * n), n, rows.from(3 * n), n, overwrite, dw.recurrent + 2 * n * n);
    if (start) add_start<Ctx, T>(ctx, all, rows, 2 * n, start.data, start.stride, n, overwrite, dw.recurrent);
    add_neighbours<Ctx, T>(ctx, all, rows, 2 * n, y, n, p.reverse, overwrite && !start, dw.recurrent);
  }

private:
  template <class T>
  static expr::Array<const T> state_before(size_t s, const T* before, size_t stride, const Start<T>& start,
                                           const T* zeros) {
    if (s > 0) return {before, stride};
    return start ? expr::Array<const T>{start.data, start.stride} : expr::Array<const T>{zeros, 0};
  }
  template <class T>
  static expr::Array<const T> a_block(const T* data, size_t stride) {
    return {data, stride};
  }
  template <class T>
  static expr::Arguments<T> arguments(size_t batch, size_t hidden) {
    expr::Arguments<T> a;
    a.count = batch;
    a.width = hidden;
    return a;
  }
};

template <>
struct pass_of<ResetBeforeGruCell> {
  using type = ResetBeforePass;
};

}  // namespace tenon::detail
