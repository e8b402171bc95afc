#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include <tenon/layers/recurrent/unit.hpp>

namespace tenon {

namespace detail {

/// CellClip: 0 where the memory has no limits.
template <Peepholes P, double CellClip>
struct LimitedLstmCell {
  static constexpr int gates = 4, blocks = 4;
  static constexpr bool hidden_apart = false, has_memory = true;
  static constexpr auto own_options = static_cast<OwnOption>(own_peepholes | own_cell_clip | own_litert_int8);
  static constexpr const char* onnx = CellClip > 0 ? nullptr : "LSTM";  // whose `clip` limits the sums of the gates
  static constexpr std::array onnx_gates{0, 3, 1, 2};
  template <class To>
  static auto onnx_attributes([[maybe_unused]] To& to, [[maybe_unused]] size_t directions) {
    return typename To::Attributes{};
  }

private:
  static constexpr expr::Input<blocks> before{};
  template <class Memory>
  static consteval auto limited(Memory kept) {
    if constexpr (CellClip > 0) return clamp(kept, -CellClip, CellClip);
    else return kept;
  }
  /// A gate's sum, with what a diagonal peephole adds.
  template <int K, fixed_string Name, class Memory>
  static consteval auto sum(Memory kept) {
    if constexpr (P == Peepholes::diagonal) return recurrence::gate<K> + param<Name, PerFeature> * kept;
    else return recurrence::gate<K>;
  }

  static constexpr auto in = sigmoid(sum<0, "weight_ci">(before));
  static constexpr auto forget = sigmoid(sum<1, "weight_cf">(before));
  static constexpr auto candidate = tanh(recurrence::gate<2>);
  static constexpr auto memory = limited(forget * before + in * candidate);
  static constexpr auto out = sigmoid(sum<3, "weight_co">(memory));
  static constexpr auto shown = tanh(memory);
  static constexpr auto hidden = out * shown;

public:
  using kept = list<expr::lift<in>, expr::lift<forget>, expr::lift<candidate>, expr::lift<out>, expr::lift<shown>>;
  using next = list<expr::lift<hidden>, expr::lift<memory>>;
};
/// Without cell_clip: checkpoints know this cell by this name.
template <Peepholes P>
struct LstmCell : LimitedLstmCell<P, 0.0> {};
template <Peepholes P, double CellClip>
using LstmCellOf = std::conditional_t<CellClip == 0, LstmCell<P>, LimitedLstmCell<P, CellClip>>;

}  // namespace detail

/// Long short-term memory, Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000:
///
///     i = sigmoid(W_ii x + b_ii + W_hi h' + b_hi)        input gate
///     f = sigmoid(W_if x + b_if + W_hf h' + b_hf)        forget gate
///     g = tanh(W_ig x + b_ig + W_hg h' + b_hg)
///     o = sigmoid(W_io x + b_io + W_ho h' + b_ho)        output gate
///     c = f c' + i g,  h = o tanh(c)                     h', c' of the step before, at first 0
///
/// `LSTM<Hidden>` or `LSTM<Features, Hidden>`, options as RNN's and
/// `peepholes`: W_c c' (weight_ch_lk (4 H, H)) is added to all four sums;
/// `diagonal_peepholes`: weight_ci_lk c' and weight_cf_lk c' to those of i and f, weight_co_lk c to that of o, number
/// by number (Gers and Schmidhuber 2000);
/// `cell_clip<10>`: c is limited to [-10, 10], and beyond no gradient flows (TFLite: cell_clip; ONNX has no such);
/// `litert_int8`: `Quantized` gives LiteRT's bytes.
/// Shapes: (T, F) to (T, H), (T, 2 H), (H) or (2 H). Parameters: weight_ih_lk (4 H, F), weight_hh_lk (4 H, H),
/// bias_ih_lk, bias_hh_lk (4 H), gates in the order i, f, g, o; all U(-1/sqrt(H), 1/sqrt(H)). Gradient: back through
/// time, derived from the formulas. PyTorch: nn.LSTM (batch_first). ONNX: LSTM (gates i, o, f, c).
///
///     using Net = Sequential<Input<50, 32>, LSTM<128, layers<2>, dropout<0.2>>, Last, Dense<10>>;
template <auto... Argument>
struct LSTM : detail::RecurrentLayer<detail::LstmCellOf<detail::RecurrentArguments<Argument...>::options.peepholes,
                                                        detail::RecurrentArguments<Argument...>::options.cell_clip>,
                                     Argument...> {
  template <class In, Time Axis>
  static constexpr bool steps = detail::recurrent_steps<In, Axis>(detail::RecurrentArguments<Argument...>::options);
  template <size_t>
  using stepping = std::conditional_t<detail::RecurrentArguments<Argument...>::options.stateful, LSTM,
                                      LSTM<Argument..., stateful>>;
};

}  // namespace tenon
