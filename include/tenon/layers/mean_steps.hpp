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
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T> m, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i) {
      const T steps = count(m, i);
      for (size_t j = 0; j < In::inner; ++j) {
        T sum = 0;
        for (size_t t = 0; t < In::front; ++t)
          if (is_there(m, i, t)) sum += x[i][t * In::inner + j];
        y[i][j] = sum / steps;
      }
    }
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T> m, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    for (size_t i = 0; dx && i < dy.count; ++i) {
      const T steps = count(m, i);
      for (size_t t = 0; t < In::front; ++t)
        for (size_t j = 0; j < In::inner; ++j) dx[i][t * In::inner + j] = is_there(m, i, t) ? dy[i][j] / steps : T(0);
    }
  }

private:
  template <class T>
  static constexpr bool is_there(const Memory<T>& m, size_t sample, size_t step) {
    return !m.mask || m.mask[sample][step] == T(0);
  }
  /// The steps of a sequence that are there; 1 where none is, of which the mean is 0.
  template <class T>
  static constexpr T count(const Memory<T>& m, size_t sample) {
    if (!m.mask) return static_cast<T>(In::front);
    size_t steps = 0;
    for (size_t t = 0; t < In::front; ++t) steps += is_there(m, sample, t) ? 1 : 0;
    return static_cast<T>(steps == 0 ? 1 : steps);
  }
};

}  // namespace detail

/// The mean of all T steps of a sequence, feature by feature; within Masked<...> of those that are there:
///     y[f] = 1 / T sum_t x[t][f]
///
/// Shapes: (time, features) to (features). Gradient: dy / time at every step. PyTorch: x.mean(1). Keras:
/// GlobalAveragePooling1D. ONNX: ReduceMean.
///
///     using Net = Sequential<Input<40>, Embedding<1000, 32>, MeanSteps, Dense<2>, Softmax>;
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
  static constexpr bool reads_mask = true;
  template <class In>
  using problem = std::conditional_t<In::rank == 2, void, takes<sequences_of_steps_features>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("ReduceMean", {to.input()}, {{"axes", {1}}, {"keepdims", 0}});
  }
  template <class In>
  using at = typename bound<In, In::rank == 2>::type;
};

}  // namespace tenon
