#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/expr/formula_walk.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/relu.hpp>

/// The element-wise formula that has joined a convolution: it is applied to a sample's numbers while
/// they are in the cache.
namespace tenon::detail {

struct NoActivation {};

using Rectifier = ReLU::formula;

template <class F>
struct Activation {
  using program = expr::Program<expr::Canonical<F>>;
  /// Forward leaves the derivative for backward; otherwise the output says it all.
  static constexpr bool saves_slope = program::reads_input(0);
  static constexpr bool reads_output = !saves_slope && program::reads_output;

  template <class Mode, class T>
  static void forward(T* y, size_t size, T* slope, Mode) {
    run<Mode::training, false>(y, size, slope);
  }
  /// As loops in order do it (expr/kernel.hpp).
  template <bool Train, class T>
  static void forward_in_order(T* y, size_t size, T* slope) {
    run<Train, true>(y, size, slope);
  }
  /// Number by number.
  template <class T>
  static constexpr void run_sample(T* y, size_t size) {
    expr::FormulaArrays<T, 1, 0> a{.result = y, .result_step = size, .width = size};
    a.input[0] = y;
    a.step[0] = size;
    expr::FormulaWalk<typename program::Evaluate, T>::run(a);
  }
  /// dz = dy * derivative, which is given by `slope` or by the output.
  template <class T, bool InOrder = false>
  static void backward(const T* dy, [[maybe_unused]] const T* y, [[maybe_unused]] const T* slope, T* dz, size_t size) {
    expr::Arguments<T> a = row<T>(size);
    a.seed = {dy, size};
    a.store[0] = {dz, size};
    if constexpr (saves_slope) {
      a.noise = {slope, size};
      expr::Loops<typename program::BackwardSlope, T, InOrder>::run(a);
    } else {
      a.output = {y, size};
      expr::Loops<typename program::template BackwardRecompute<1U, 0U>, T, InOrder>::run(a);
    }
  }

private:
  template <bool Train, bool InOrder, class T>
  static void run(T* y, size_t size, [[maybe_unused]] T* slope) {
    expr::Arguments<T> a = row<T>(size);
    a.input[0] = {y, size};
    a.store[0] = {y, size};
    if constexpr (Train && saves_slope) {
      a.store[1] = {slope, size};
      expr::Loops<typename program::ForwardSlope, T, InOrder>::run(a);
    } else {
      expr::Loops<typename program::Evaluate, T, InOrder>::run(a);
    }
  }
  template <class T>
  static expr::Arguments<T> row(size_t size) {
    expr::Arguments<T> a;
    a.count = a.repeats = a.pixels = a.batch_count = 1;
    a.width = size;
    return a;
  }
};

/// Whether a formula joins a convolution: element by element, without numbers of its own.
template <class F>
constexpr bool joins_convolution() {
  if constexpr (expr::parameters_of<F>::size > 0 || products_of<F>::size > 0 || (chunks_of<F>) > 1 ||
                reduces_batch<F>) {
    return false;
  } else {
    using Program = expr::Program<expr::Canonical<F>>;
    return Program::is_elementwise && !Program::uses_noise && Program::has_gradient(0) && Program::slope_suffices(0);
  }
}

template <class F, class Before>
using joined_activation = typename std::conditional_t<std::is_same_v<Before, NoActivation>, std::type_identity<F>,
                                                      plug<F, Before>>::type;

}  // namespace tenon::detail
