#pragma once

#include <algorithm>
#include <array>

#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/net/mistakes.hpp>

namespace tenon {

namespace detail {

/// The last step of a sequence.
template <class In>
struct LastUnit {
  using input = In;
  using output = Shape<In::inner>;
  static constexpr std::array<ParameterSpec, 0> parameters{};
  using initializers = Initializers<>;
  static constexpr Needs needs{.backward_reads_input = false};
  static constexpr size_t macs = 0;

  template <class Mode, class Ctx, class T>
  static constexpr void forward(Ctx&, Memory<T>, Rows<const T> x, Rows<T> y, Mode) {
    for (size_t i = 0; i < x.count; ++i) std::copy_n(x[i] + (In::front - 1) * In::inner, In::inner, y[i]);
  }
  template <class Ctx, class T>
  static constexpr void backward(Ctx&, Memory<T>, Rows<const T>, Rows<const T>, Rows<const T> dy, Rows<T> dx) {
    if (!dx) return;
    for (size_t i = 0; i < dy.count; ++i) {
      T* const end = std::fill_n(dx[i], (In::front - 1) * In::inner, T(0));
      std::copy_n(dy[i], In::inner, end);
    }
  }
};

}  // namespace detail

/// The final state of a sequence. Behind a recurrent layer it becomes its option `last`: of two directions the state
/// after all steps of each. Behind anything else it is the last step,
///     y[f] = x[T - 1][f].
///
/// Shapes: (T, F) to (F). Gradient: dy at the last step, 0 at the others. PyTorch: h_n of nn.LSTM and the like,
/// y[:, -1]. ONNX: Y_h; Gather.
///
///     using Net = Sequential<Input<50, 32>, LSTM<128>, Last, Dense<10>>;
struct Last {
private:
  template <class In, bool Fits>
  struct bound {
    using type = detail::Reshaping<In, Shape<In::inner>>;
  };
  template <class In>
  struct bound<In, true> {
    using type = detail::LastUnit<In>;
  };

public:
  using instead_of_mixing = write<"mask<0> before it, or MeanSteps">;
  template <class In>
  using problem = std::conditional_t<In::rank == 2, void, takes<sequences_of_steps_features>>;
  template <class To>
  static auto onnx(To& to) {
    return to.node("Gather", {to.input(), to.integer(-1)}, {{"axis", 1}});
  }
  template <class In>
  using at = typename bound<In, In::rank == 2>::type;
};

template <class Cell, class In, auto... Argument>
struct fusion<detail::RecurrentUnit<Cell, In, false, Argument...>, Last> {
  using type = detail::RecurrentUnit<Cell, In, true, Argument...>;
};

}  // namespace tenon
