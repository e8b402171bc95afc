#pragma once

#include <array>
#include <cstddef>

#include <tenon/layers/recurrent/unit.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>

namespace tenon {

namespace detail {

/// F applied to the sum of the two products.
template <class F>
struct RnnCell {
  static constexpr int gates = 1, blocks = 1;
  static constexpr bool hidden_apart = false, has_memory = false;
  static constexpr OwnOption own_options = own_nonlinearity;
  using kept = list<F>;
  using next = list<F>;
  /// ONNX knows some by name.
  static constexpr const char* activation = std::is_same_v<F, typename Tanh::formula>      ? "Tanh"
                                            : std::is_same_v<F, typename ReLU::formula>    ? "Relu"
                                            : std::is_same_v<F, typename Sigmoid::formula> ? "Sigmoid"
                                                                                           : nullptr;
  static constexpr const char* onnx = activation == nullptr ? nullptr : "RNN";
  static constexpr std::array onnx_gates{0};
  template <class To>
  static auto onnx_attributes([[maybe_unused]] To& to, [[maybe_unused]] size_t directions) {
    return typename To::Attributes{to.texts("activations", activation, directions)};
  }
};

template <class Default, class... O>
struct find_nonlinearity {
  using type = typename Default::formula;
};
template <class Default, class First, class... O>
struct find_nonlinearity<Default, First, O...> : find_nonlinearity<Default, O...> {};
template <class Default, class F, class... O>
struct find_nonlinearity<Default, option::Nonlinearity<F>, O...> {
  using type = typename F::formula;
};

}  // namespace detail

/// A simple recurrent layer,
///
///     h_t = tanh(W_ih x_t + b_ih + W_hh h' + b_hh),
///
/// where h' is the state before, 0 at first. Elman 1990.
///
/// `RNN<Hidden>` or `RNN<Features, Hidden>`. Options: `nonlinearity<ReLU>`, `layers<N>`, `bidirectional`,
/// `dropout<Rate>` between layers, `last`, `mask<Value>` for sequences of different lengths, `stateful`, `bias<false>`,
/// `init<...>` of the weights (see recurrent/options.hpp). Shapes: (T, F) to (T, H), to (T, 2 H) in both directions;
/// with `last` to (H) or (2 H), the final state. Parameters of layer k: weight_ih_lk (H, F),
/// weight_hh_lk (H, H), bias_ih_lk (H), bias_hh_lk (H), those of the way back with _reverse behind; all
/// U(-1/sqrt(H), 1/sqrt(H)). Gradient: back through time, dz[t] = (dh[t] + dz[t+1] W_hh) (1 - h[t]^2),
/// dx = dz W_ih. PyTorch: nn.RNN (batch_first; with mask, of a packed sequence). ONNX: RNN.
///
///     using Net = Sequential<Input<28, 28>, RNN<64>, Last, Dense<10>>;
template <auto... Argument>
struct RNN
    : detail::RecurrentLayer<
          detail::RnnCell<typename detail::find_nonlinearity<Tanh, std::remove_const_t<decltype(Argument)>...>::type>,
          Argument...> {
  template <class In, Time Axis>
  static constexpr bool steps = detail::recurrent_steps<In, Axis>(detail::RecurrentArguments<Argument...>::options);
  template <size_t>
  using stepping = std::conditional_t<detail::RecurrentArguments<Argument...>::options.stateful, RNN,
                                      RNN<Argument..., stateful>>;
};

}  // namespace tenon
