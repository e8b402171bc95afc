#pragma once

#include <tenon/layers/pooling/pool.hpp>

namespace tenon::detail {

/// A pool of the largest numbers, bound.
template <class In, class Out, kernels::Pooling P>
struct LargestUnit {
  using input = In;
  using output = Out;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  // Backward finds the largest numbers again: forward saves nothing.
  static constexpr Needs needs{.backward_reads_input = true,
                               .backward_reads_output = P.halves(),
                               .forward = {.fixed = aligned(P.scratch())},
                               .inference = {.fixed = aligned(P.scratch())}};
  static constexpr kernels::Pooling pooling = P;

  template <class To>
  static auto onnx(To& to) requires(Out::rank == In::rank) {
    return to.node("MaxPool", {to.input()}, to.windows(In::rank - 1, P.y, P.x));
  }
  template <class Mode, class Ctx, class T>
  static void forward(Ctx&, const Memory<T>& m, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i) kernels::max_pool<T>(pooling, x[i], y[i], m.workspace.scratch_fixed);
  }
  /// In plain loops, for firmware and constant expressions.
  template <class T>
  static constexpr void run_sample(const Memory<T>&, const T* x, T* y) {
    kernels::max_pool_plainly(pooling, x, y);
  }
  template <class Ctx, class T>
  static void backward(Ctx&, const Memory<T>&, Rows<const T> x, Rows<const T> y, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (size_t i = 0; i < x.count; ++i) kernels::max_pool_gradient<T>(pooling, x[i], y ? y[i] : nullptr, dy[i], dx[i]);
  }
};

template <class In, class Out, class Arguments, auto...>
struct MaxPoolUnit : LargestUnit<In, Out, Arguments::template pooling<In>> {};

}  // namespace tenon::detail
