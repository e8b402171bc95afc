#pragma once
#ifndef TENON_OWN_WARNINGS
#pragma GCC system_header  // who builds without -fopenmp-simd need not hear of the pragmas that are ignored
#endif

#include <algorithm>
#include <cstddef>

#include <tenon/layers/recurrent/cell.hpp>
#include <tenon/layers/recurrent/steps.hpp>

/// One layer of a recurrent network in one direction: forward and backward through time. The products
/// with the inputs of all steps are one matrix product, the one with the state before is one per step,
/// and what remains of a cell is one loop.
namespace tenon::detail {

/// The sizes of a pass.
struct PassSizes {
  size_t steps = 0;
  size_t in = 0;
  size_t hidden = 0;
  bool bias = true;
  bool reverse = false;
};

/// The parameters of a pass, or their gradients, which are null in a frozen layer. Without bias the biases are null;
/// `memory` is the matrix of a peephole, `feature` are the vectors that the cell's formulas name.
template <class T>
struct PassWeights {
  T* input = nullptr;
  T* recurrent = nullptr;
  T* input_bias = nullptr;
  T* recurrent_bias = nullptr;
  T* memory = nullptr;
  T* feature[4]{};
};

/// What passes of all cells have in common.
template <class Cell>
struct PassBase {
  static constexpr size_t gates = Cell::gates, blocks = Cell::blocks;
  /// The recurrent share of the last gate is a block of its own and stands first, that of the others
  /// is added to the inputs' share: [last; first ...] of the state before, [first ... last] of the input.
  static constexpr size_t input_block = Cell::hidden_apart ? 1 : 0;

protected:
  /// The step of the sequence that is done as number s: in reverse, the last one first.
  static constexpr size_t at(const PassSizes& p, size_t s) { return p.reverse ? p.steps - 1 - s : s; }

  /// The gradient of the output of step number s. Of final states alone (`last_only`) only the last step done has one;
  /// where sequences have different lengths, it is written to `dh` at each one's last step.
  template <class T>
  static expr::Array<const T> from_above(const PassSizes& p, size_t batch, Steps<const T> dy, bool last_only, size_t s,
                                         Lengths<T> lengths, T* dh, const T* zeros) {
    const size_t now = at(p, s);
    if (!last_only) return {dy.at(0, now), dy.stride};
    if (!lengths) return s + 1 == p.steps ? expr::Array<const T>{dy.data, dy.stride} : expr::Array<const T>{zeros, 0};
    for (size_t sample = 0; sample < batch; ++sample) {
      const size_t end = lengths.of(sample, p.steps);
      if (end > 0 && now == (p.reverse ? 0 : end - 1)) std::copy_n(dy.at(sample, 0), p.hidden, dh + sample * p.hidden);
    }
    return {zeros, 0};
  }

  /// z += h W^T.
  template <class Ctx, class T>
  static void step_product(Ctx& ctx, size_t batch, const T* h, size_t h_stride, size_t hidden, const T* w, size_t out,
                           T* z, size_t stride) {
    multiply_one_step<Ctx, T>(ctx, kernels::Transpose::yes, batch, out, hidden, h, h_stride, w, T(1), z, stride);
  }

  /// Every step's blocks start as the biases of the two products that are added to them.
  template <class T>
  static void set_biases(const PassSizes& p, size_t batch, const PassWeights<const T>& w, Steps<T> rows, T* sum) {
    const size_t n = p.hidden, size = blocks * n;
    std::fill_n(sum, size, T(0));
    if (p.bias) {
      for (size_t i = 0; i < gates * n; ++i) sum[input_block * n + i] += w.input_bias[i];
      for (size_t i = 0; i < gates * n; ++i) sum[recurrent_place(i, n)] += w.recurrent_bias[i];
    }
    for (size_t sample = 0; sample < batch; ++sample)
      for (size_t t = 0; t < p.steps; ++t) std::copy_n(sum, size, rows.at(sample, t));
  }
  template <class T>
  static void add_biases(const PassSizes& p, size_t batch, Steps<T> rows, bool overwrite, const PassWeights<T>& dw,
                         T* sum) {
    const size_t n = p.hidden, size = blocks * n;
    std::fill_n(sum, size, T(0));
    for (size_t sample = 0; sample < batch; ++sample)
      for (size_t t = 0; t < p.steps; ++t) {
        const T* const z = rows.at(sample, t);
#pragma omp simd
        for (size_t i = 0; i < size; ++i) sum[i] += z[i];
      }
    for (size_t i = 0; i < gates * n; ++i) {
      const T from_input = sum[input_block * n + i], from_state = sum[recurrent_place(i, n)];
      dw.input_bias[i] = overwrite ? from_input : dw.input_bias[i] + from_input;
      dw.recurrent_bias[i] = overwrite ? from_state : dw.recurrent_bias[i] + from_state;
    }
  }
  /// Where row i of the recurrent weight stands among the blocks.
  static constexpr size_t recurrent_place(size_t i, size_t hidden) {
    if (!Cell::hidden_apart) return i;
    const size_t others = (gates - 1) * hidden;
    return i < others ? hidden + i : i - others;
  }
};

template <class Cell>
struct RecurrentPass : PassBase<Cell> {
  using base = PassBase<Cell>;
  using base::blocks, base::gates, base::input_block;
  using program = CellProgram<Cell>;
  static constexpr bool complete = program::c.complete;
  static constexpr size_t kept = static_cast<size_t>(program::kept);
  using parameters = typename program::parameters;
  static constexpr size_t states = static_cast<size_t>(program::states);
  static constexpr size_t features = parameters::size;
  /// How many numbers a step keeps for backward, times the hidden size: blocks, other kept values,
  /// the memory.
  static constexpr size_t row = kept + (Cell::has_memory ? 1 : 0);

  static constexpr size_t forward_space(size_t hidden) { return inference_space(hidden) + gates * hidden * hidden; }
  static constexpr size_t inference_space(size_t hidden) { return (blocks + 1) * hidden; }
  static constexpr size_t backward_space(size_t hidden) {
    return inference_space(hidden) + (Cell::hidden_apart ? gates * hidden * hidden : 0);
  }
  /// Numbers of each sample that go from step to step: in evaluation the memory, in backward the gradients of the state
  /// and of the memory.
  static constexpr size_t carried(size_t hidden) { return 2 * hidden; }

  /// Sequences start in `state`, and their final state is written there. `rows` has `row` (in training) or `blocks`
  /// times hidden numbers for each step.
  template <bool Training, class Ctx, class T>
  static void forward(const PassSizes& p, Ctx& ctx, size_t batch, const PassWeights<const T>& w, Steps<const T> x,
                      Steps<T> y, Steps<T> rows, Lengths<T> lengths, Start<T> state, T* carry, T* space) {
    const size_t n = p.hidden;
    T* const zeros = space + blocks * n;
    std::fill_n(zeros, n, T(0));
    T* const transposed = zeros + n;
    if constexpr (Training) transpose_recurrent_weight(w, n, transposed);
    set_biases(p, batch, w, rows, space);
    multiply_steps(ctx, {batch, p.steps}, x, p.in, w.input, kernels::Transpose::yes, T(1), rows.from(input_block * n),
                   gates * n);

    expr::Arguments<T> a = arguments(batch, n, w);
    for (size_t s = 0; s < p.steps; ++s) {
      const size_t now = at(p, s), before = s > 0 ? at(p, s - 1) : now;
      T* const z = rows.at(0, now);
      expr::Array<T> memory{}, memory_before{};
      if constexpr (Cell::has_memory) {
        memory = Training ? expr::Array<T>{z + kept * n, rows.stride} : expr::Array<T>{carry, n};
        memory_before = Training ? expr::Array<T>{rows.at(0, before) + kept * n, rows.stride} : memory;
        if (s == 0 && state) memory_before = {state.data + n, state.stride};
      }
      expr::Array<const T> hidden{state.data, state.stride};
      if (s > 0) hidden = {y.at(0, before), y.stride};
      const bool starts = s == 0 && !state;
      if (!starts) {
        if constexpr (Training) {
          multiply_one_step<Ctx, T>(ctx, kernels::Transpose::no, batch, gates * n, n, hidden.data, hidden.stride,
                                    transposed, T(1), z, rows.stride);
        } else {
          step_product(ctx, batch, hidden.data, hidden.stride, n, w.recurrent, others * n, z + input_block * n,
                       rows.stride);
          if (Cell::hidden_apart)
            step_product(ctx, batch, hidden.data, hidden.stride, n, w.recurrent + others * n * n, n, z, rows.stride);
        }
        if constexpr (Cell::has_memory)
          if (w.memory)
            step_product<Ctx, T>(ctx, batch, memory_before.data, memory_before.stride, n, w.memory, gates * n, z,
                                 rows.stride);
      }
      for (size_t k = 0; k < blocks; ++k) a.input[k] = {z + k * n, rows.stride};
      if (starts) a.input[blocks] = {zeros, 0};
      else if (Cell::has_memory) a.input[blocks] = {memory_before.data, memory_before.stride};
      else a.input[blocks] = hidden;
      for (size_t k = 0; k < kept; ++k)
        a.store[k] = {Training && program::computes(static_cast<int>(k)) ? z + k * n : nullptr, rows.stride};
      a.store[kept] = {y.at(0, now), y.stride};
      if constexpr (Cell::has_memory) a.store[kept + 1] = memory;
      expr::LoopsIn<Ctx, typename program::template Forward<Training>, T>::run(a);
      lengths.clear_after_end(now, batch, y.at(0, now), y.stride, n);
      if constexpr (Cell::has_memory) lengths.clear_after_end(now, batch, memory.data, memory.stride, n);
      // the gradient of a vector in the formulas is summed over all sequences
      if constexpr (Training && features > 0) lengths.clear_after_end(now, batch, z, rows.stride, kept * n);
      if (!state || s + 1 < p.steps) continue;
      for (size_t sample = 0; sample < batch; ++sample) {
        T* const left = state.data + sample * state.stride;
        std::copy_n(y.at(sample, now), n, left);
        if constexpr (Cell::has_memory) std::copy_n(memory.data + sample * memory.stride, n, left + n);
      }
    }
  }

  /// `dy` has all steps, or with `last_only` the last one alone. With `add_dx` dx is added to what is there. The blocks
  /// in `rows` are overwritten by their gradients.
  template <class Ctx, class T>
  static void backward(const PassSizes& p, Ctx& ctx, size_t batch, const PassWeights<const T>& w,
                       const PassWeights<T>& dw, Steps<const T> x, Steps<const T> y, Steps<const T> dy, bool last_only,
                       Steps<T> dx, bool add_dx, Steps<T> rows, Lengths<T> lengths, Start<T> start, T* carry,
                       T* space) {
    const size_t n = p.hidden;
    const bool overwrite = ctx.overwrite_gradients;
    T* const zeros = space + blocks * n;
    std::fill_n(zeros, n, T(0));
    const T* const recurrent = recurrent_weight(w, n, zeros + n);
    T *const dh = carry, *const dc = carry + batch * n;
    std::fill_n(carry, 2 * batch * n, T(0));
    if (overwrite)
      for (size_t k = 0; k < features; ++k) std::fill_n(dw.feature[k], n, T(0));

    expr::Arguments<T> a = arguments(batch, n, w);
    for (size_t k = 0; k < features; ++k) a.gradient[k] = dw.feature[k];
    for (size_t s = p.steps; s-- > 0;) {
      const size_t now = at(p, s), before = s > 0 ? at(p, s - 1) : now;
      T* const z = rows.at(0, now);
      for (size_t k = 0; k < kept; ++k) a.input[k] = {z + k * n, rows.stride};
      if (s == 0 && start) a.input[kept] = {start.data + (Cell::has_memory ? n : 0), start.stride};
      else if (s == 0) a.input[kept] = {zeros, 0};
      else if (Cell::has_memory) a.input[kept] = {rows.at(0, before) + kept * n, rows.stride};
      else a.input[kept] = {y.at(0, before), y.stride};
      a.input[kept + 1] = {dh, n};
      if constexpr (Cell::has_memory) a.input[kept + 2] = {dc, n};
      a.seed = from_above(p, batch, dy, last_only, s, lengths, dh, zeros);
      for (size_t k = 0; k < blocks; ++k) a.store[k] = {z + k * n, rows.stride};
      if constexpr (program::passes_to_previous) a.store[blocks] = {Cell::has_memory ? dc : dh, n};
      expr::LoopsIn<Ctx, typename program::template Backward<false>, T>::run(a);
      lengths.clear_after_end(now, batch, z, rows.stride, blocks * n);
      lengths.clear_after_end(now, batch, carry, n, n);
      if constexpr (Cell::has_memory) lengths.clear_after_end(now, batch, dc, n, n);
      if (s == 0) break;
      const T beta = program::passes_to_previous && !Cell::has_memory ? T(1) : T(0);
      multiply_one_step<Ctx, T>(ctx, kernels::Transpose::no, batch, n, gates * n, z, rows.stride, recurrent, beta, dh,
                                n);
      if constexpr (Cell::has_memory)
        if (w.memory)
          multiply_one_step<Ctx, T>(ctx, kernels::Transpose::no, batch, n, gates * n, z, rows.stride, w.memory, T(1),
                                    dc, n);
    }

    const Extent all{batch, p.steps};
    const Steps<T> inner = rows.from(input_block * n);
    if (dx)
      multiply_steps<Ctx, T>(ctx, all, inner, gates * n, w.input, kernels::Transpose::no, T(add_dx ? 1 : 0), dx, p.in);
    if (!dw.input) return;
    add_steps<Ctx, T>(ctx, all, inner, gates * n, x, p.in, overwrite, dw.input);
    if (p.bias) add_biases(p, batch, rows, overwrite, dw, space);
    const size_t others_size = others * n;
    const Steps<T> first_gates = rows.from(input_block * n);
    if (start) {
      add_start<Ctx, T>(ctx, all, first_gates, others_size, start.data, start.stride, n, overwrite, dw.recurrent);
      if (Cell::hidden_apart)
        add_start<Ctx, T>(ctx, all, rows, n, start.data, start.stride, n, overwrite, dw.recurrent + others_size * n);
      if (w.memory) add_start<Ctx, T>(ctx, all, rows, gates * n, start.data + n, start.stride, n, overwrite, dw.memory);
    }
    const bool anew = overwrite && !start;
    if (w.memory) add_neighbours<Ctx, T>(ctx, all, rows, gates * n, rows.from(kept * n), n, p.reverse, anew, dw.memory);
    add_neighbours<Ctx, T>(ctx, all, first_gates, others_size, y, n, p.reverse, anew, dw.recurrent);
    if (Cell::hidden_apart)
      add_neighbours<Ctx, T>(ctx, all, rows, n, y, n, p.reverse, anew, dw.recurrent + others_size * n);
  }

private:
  using base::at, base::set_biases, base::add_biases, base::from_above;

  /// How many gates add the product with the state to that with the input.
  static constexpr size_t others = Cell::hidden_apart ? gates - 1 : gates;

  template <class T>
  static expr::Arguments<T> arguments(size_t batch, size_t hidden, const PassWeights<const T>& w) {
    expr::Arguments<T> a;
    a.count = batch;
    a.width = hidden;
    for (size_t k = 0; k < features; ++k) a.parameter[k] = w.feature[k];
    return a;
  }

  template <class Ctx, class T>
  static void step_product(Ctx& ctx, size_t batch, const T* h, size_t h_stride, size_t hidden, const T* w, size_t out,
                           T* z, size_t stride) {
    base::template step_product<Ctx, T>(ctx, batch, h, h_stride, hidden, w, out, z, stride);
  }

  /// The recurrent weight for all steps of a training pass: transposed, its columns in the order of the blocks.
  template <class T>
  static void transpose_recurrent_weight(const PassWeights<const T>& w, size_t hidden, T* transposed) {
    for (size_t i = 0; i < hidden; ++i)
      for (size_t o = 0; o < gates * hidden; ++o)
        transposed[i * gates * hidden + base::recurrent_place(o, hidden)] = w.recurrent[o * hidden + i];
  }
  /// The recurrent weight with its rows in the order of the blocks.
  template <class T>
  static const T* recurrent_weight(const PassWeights<const T>& w, size_t hidden, [[maybe_unused]] T* space) {
    if constexpr (Cell::hidden_apart) {
      const size_t last = hidden * hidden;
      std::copy_n(w.recurrent + others * last, last, space);
      std::copy_n(w.recurrent, others * last, space + last);
      return space;
    } else {
      return w.recurrent;
    }
  }
};

/// The pass that runs a cell.
template <class Cell>
struct pass_of {
  using type = RecurrentPass<Cell>;
};

}  // namespace tenon::detail
