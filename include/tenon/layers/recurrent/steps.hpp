#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <tenon/kernels/gemm_types.hpp>

/// Matrix products with all steps of all sequences at once.
namespace tenon::detail {

/// A batch of sequences in memory: `stride` numbers from one sequence to the next, `width` from one
/// step to the next, of which the first few are used.
template <class T>
struct Steps {
  T* data = nullptr;
  size_t stride = 0;
  size_t width = 0;

  constexpr T* at(size_t sample, size_t step) const { return data + sample * stride + step * width; }
  constexpr explicit operator bool() const { return data != nullptr; }
  constexpr Steps from(size_t offset) const { return {data + offset, stride, width}; }
  /// Whether sequences of so many steps lie one behind the other without a gap.
  constexpr bool joined(size_t steps) const { return stride == steps * width; }
  constexpr operator Steps<const T>() const requires(!std::is_const_v<T>) { return {data, stride, width}; }
};

/// How many steps each sequence has before its padding; without `data`, all.
template <class T>
struct Lengths {
  const T* data = nullptr;

  constexpr explicit operator bool() const { return data != nullptr; }
  constexpr size_t of(size_t sample, size_t steps) const { return data ? static_cast<size_t>(data[sample]) : steps; }
  /// Sets `size` numbers to zero for each sequence that has ended before `step`.
  void clear_after_end(size_t step, size_t batch, T* numbers, size_t stride, size_t size) const {
    if (!data) return;
    for (size_t sample = 0; sample < batch; ++sample)
      if (step >= of(sample, 0)) std::fill_n(numbers + sample * stride, size, T(0));
  }
};

/// The state in which sequences start: the output and behind it, if there is one, the memory. Absent, both are zeros.
template <class T>
struct Start {
  T* data = nullptr;
  size_t stride = 0;

  constexpr explicit operator bool() const { return data != nullptr; }
};

/// How many sequences, and how long.
struct Extent {
  size_t batch = 0;
  size_t steps = 0;
};

/// The product of one step: few rows, and the same weight for every step. A context may have a kernel for these.
template <class Ctx, class T>
void multiply_one_step(Ctx& ctx, kernels::Transpose stored, size_t batch, size_t out, size_t in, const T* x,
                       size_t x_stride, const T* w, T beta, T* y, size_t y_stride) {
  const size_t width = stored == kernels::Transpose::yes ? in : out;
  if constexpr (requires {
                  ctx.small_gemm(stored, stored, batch, out, in, T(1), x, x_stride, w, width, beta, y, y_stride);
                })
    ctx.small_gemm(kernels::Transpose::no, stored, batch, out, in, T(1), x, x_stride, w, width, beta, y, y_stride);
  else ctx.gemm(kernels::Transpose::no, stored, batch, out, in, T(1), x, x_stride, w, width, beta, y, y_stride);
}

/// Calls `multiply(rows, sample)` once for the whole batch where sequences follow one another, and else
/// for each.
template <class F>
void over_batch(const Extent& e, bool joined, F&& multiply) {
  if (joined) return multiply(e.batch * e.steps, size_t{0});
  for (size_t sample = 0; sample < e.batch; ++sample) multiply(e.steps, sample);
}

/// y = beta y + x W^T (W stored (out, in)), or x W (stored (in, out)), for every step.
template <class Ctx, class T>
void multiply_steps(Ctx& ctx, const Extent& e, Steps<const T> x, size_t in, const T* w, kernels::Transpose stored,
                    T beta, Steps<T> y, size_t out) {
  const size_t width = stored == kernels::Transpose::yes ? in : out;
  over_batch(e, x.joined(e.steps) && y.joined(e.steps), [&](size_t rows, size_t sample) {
    ctx.gemm(kernels::Transpose::no, stored, rows, out, in, T(1), x.at(sample, 0), x.width, w, width, beta,
             y.at(sample, 0), y.width);
  });
}

/// dW = sum over all steps of dy^T x, added to what is there unless `overwrite`.
template <class Ctx, class T>
void add_steps(Ctx& ctx, const Extent& e, Steps<const T> dy, size_t out, Steps<const T> x, size_t in, bool overwrite,
               T* dw) {
  over_batch(e, dy.joined(e.steps) && x.joined(e.steps), [&](size_t rows, size_t sample) {
    const T beta = overwrite && sample == 0 ? T(0) : T(1);
    ctx.gemm(kernels::Transpose::yes, kernels::Transpose::no, out, in, rows, T(1), dy.at(sample, 0), dy.width,
             x.at(sample, 0), x.width, beta, dw, in);
  });
}

/// The share of the states in which sequences start: dW = sum of dy[first]^T h[start]. Comes before `add_neighbours`,
/// which adds to it.
template <class Ctx, class T>
void add_start(Ctx& ctx, const Extent& e, Steps<const T> dy, size_t out, const T* h, size_t stride, size_t in,
               bool overwrite, T* dw) {
  const T beta = overwrite ? T(0) : T(1);
  ctx.gemm(kernels::Transpose::yes, kernels::Transpose::no, out, in, e.batch, T(1), dy.data, dy.stride, h, stride, beta,
           dw, in);
}

/// The same with the step before (`later` false) or after: dW = sum of dy[t]^T h[t - 1]. The step of dy
/// that has no partner, the first or the last of a sequence, is left out. It is set to zero, so that it
/// may meet a step of another sequence in one product over all of them.
template <class Ctx, class T>
void add_neighbours(Ctx& ctx, const Extent& e, Steps<T> dy, size_t out, Steps<const T> h, size_t in, bool later,
                    bool overwrite, T* dw) {
  if (e.steps < 2) {
    if (overwrite) std::fill_n(dw, out * in, T(0));
    return;
  }
  const bool joined = dy.joined(e.steps) && h.joined(e.steps);
  const size_t first = later ? 0 : 1;
  if (joined)
    for (size_t sample = 0; sample < e.batch; ++sample) std::fill_n(dy.at(sample, later ? e.steps - 1 : 0), out, T(0));
  const Steps<const T> all_dy = dy;
  over_batch(e, joined, [&](size_t rows, size_t sample) {
    const T beta = overwrite && sample == 0 ? T(0) : T(1);
    ctx.gemm(kernels::Transpose::yes, kernels::Transpose::no, out, in, rows - 1, T(1), all_dy.at(sample, first),
             dy.width, h.at(sample, 1 - first), h.width, beta, dw, in);
  });
}

}  // namespace tenon::detail
