#pragma once

#include <array>
#include <cstddef>

#include <tenon/layers/recurrent/reset_before.hpp>
#include <tenon/layers/recurrent/unit.hpp>

namespace tenon {

namespace detail {

/// Blocks: the state's share of n, then r, z and the input's share of n.
struct GruCell {
  static constexpr int gates = 3, blocks = 4;
  static constexpr bool hidden_apart = true, has_memory = false;
  static constexpr OwnOption own_options = own_reset_before;
  static constexpr const char* onnx = "GRU";
  static constexpr std::array onnx_gates{1, 0, 2};
  template <class To>
  static auto onnx_attributes([[maybe_unused]] To& to, [[maybe_unused]] size_t directions) {
    return typename To::Attributes{{"linear_before_reset", 1}};
  }

private:
  static constexpr expr::Input<blocks> before{};
  static constexpr auto reset = sigmoid(recurrence::gate<1>);
  static constexpr auto update = sigmoid(recurrence::gate<2>);
  static constexpr auto candidate = tanh(recurrence::gate<3> + reset * recurrence::gate<0>);
  static constexpr auto hidden = (1 - update) * candidate + update * before;

public:
  using kept = list<expr::Input<0>, expr::lift<reset>, expr::lift<update>, expr::lift<candidate>>;
  using next = list<expr::lift<hidden>>;
};

}  // namespace detail

/// A gated recurrent unit, Cho et al. 2014, with the reset gate behind the matrix product as cuDNN and PyTorch have it:
///
///     r = sigmoid(W_ir x + b_ir + W_hr h' + b_hr)        reset gate
///     z = sigmoid(W_iz x + b_iz + W_hz h' + b_hz)        update gate
///     n = tanh(W_in x + b_in + r (W_hn h' + b_hn))
///     h = (1 - z) n + z h'                               h' of the step before, at first 0
///
/// `GRU<Hidden>` or `GRU<Features, Hidden>`, options as RNN's and `linear_before_reset<false>`: n = tanh(W_in x + b_in
/// + W_hn (r h') + b_hn), as first published (Keras: reset_after=False; PyTorch has none). Shapes: (T, F) to (T, H),
/// (T, 2 H), (H) or (2 H). Parameters: weight_ih_lk (3 H, F), weight_hh_lk (3 H, H), bias_ih_lk, bias_hh_lk (3 H),
/// gates in the order r, z, n; all U(-1/sqrt(H), 1/sqrt(H)). Gradient: back through time, derived from the formulas.
/// PyTorch: nn.GRU (batch_first). ONNX: GRU (linear_before_reset = 1, gates z, r, h).
///
///     using Net = Sequential<Input<50, 32>, GRU<128>, Last, Dense<10>>;
template <auto... Argument>
struct GRU : detail::RecurrentLayer<std::conditional_t<detail::RecurrentArguments<Argument...>::options.reset_before,
                                                       detail::ResetBeforeGruCell, detail::GruCell>,
                                    Argument...> {
  template <class In, Time Axis>
  static constexpr bool steps = detail::recurrent_steps<In, Axis>(detail::RecurrentArguments<Argument...>::options);
  template <size_t>
  using stepping = std::conditional_t<detail::RecurrentArguments<Argument...>::options.stateful, GRU,
                                      GRU<Argument..., stateful>>;
};

}  // namespace tenon
