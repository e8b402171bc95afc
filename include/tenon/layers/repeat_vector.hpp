#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/net/layer.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/net/reshaping.hpp>
#include <tenon/shape.hpp>

namespace tenon {

struct a_vector;
struct at_least_one_step;

namespace detail {

template <class In, size_t Steps>
struct RepeatVectorUnit {
  using input = In;
  using output = Shape<Steps, In::size>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i)
      for (size_t t = 0; t < Steps; ++t) std::copy_n(x[i], In::size, y[i] + t * In::size);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (size_t i = 0; i < dy.count; ++i) {
      std::copy_n(dy[i], In::size, dx[i]);
      for (size_t t = 1; t < Steps; ++t)
        for (size_t j = 0; j < In::size; ++j) dx[i][j] += dy[i][t * In::size + j];
    }
  }
};

}  // namespace detail

/// A vector as every step of a sequence, y[t] = x: what a decoder reads that makes many steps of one.
///
/// Shapes: (F) to (Steps, F). Gradient: dx = sum over t of dy[t]. Keras: RepeatVector.
/// PyTorch: x.unsqueeze(1).expand(-1, Steps, -1). ONNX: Expand.
///
///     using Net = Sequential<Input<16>, RepeatVector<10>, GRU<32>, Dense<4>>;
template <size_t Steps>
struct RepeatVector {
private:
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, Shape<Steps == 0 ? 1 : Steps, In::size>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::RepeatVectorUnit<In, Steps>;
  };

public:
  using invalid = std::conditional_t<(Steps > 0), void, takes<at_least_one_step>>;
  template <class In>
  using problem = std::conditional_t<In::rank == 1, void, takes<a_vector>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Expand", {to.node("Unsqueeze", {to.input(), to.integers({1})}), to.integers({1, Steps, 1})});
  }
  template <class In>
  using at = typename bound<In, In::rank == 1 && (Steps > 0)>::type;
};

}  // namespace tenon
