#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/net/layer.hpp>

namespace tenon {

namespace detail {

template <class In>
struct MeanStepsUnit {
  using input = In;
  using output = Shape<In::inner>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr std::size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
    for (std::size_t i = 0; i < x.count; ++i)
      for (std::size_t j = 0; j < In::inner; ++j) {
        T sum = 0;
        for (std::size_t t = 0; t < In::front; ++t) sum += x[i][t * In::inner + j];
        y[i][j] = sum / static_cast<T>(In::front);
      }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (std::size_t i = 0; dx && i < dy.count; ++i)
      for (std::size_t t = 0; t < In::front; ++t)
        for (std::size_t j = 0; j < In::inner; ++j) dx[i][t * In::inner + j] = dy[i][j] / static_cast<T>(In::front);
  }
};

}  // namespace detail

/// The mean of all steps of a sequence, feature by feature.
///
/// Shapes: (time, features) to (features). Gradient: dy / time at every step. PyTorch: x.mean(1). Keras:
/// GlobalAveragePooling1D. ONNX: ReduceMean.
struct MeanSteps {
private:
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, In>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::MeanStepsUnit<In>;
  };

public:
  template <class In>
  using problem = std::conditional_t<In::rank == 2, void, takes<sequences_of_steps_features>>;
  template <class In>
  using at = typename bound<In, In::rank == 2>::type;
};

}  // namespace tenon
