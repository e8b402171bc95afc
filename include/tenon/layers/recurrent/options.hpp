#pragma once

#include <tenon/layers/options.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/tanh.hpp>

/// Options of recurrent layers, behind the sizes and in any order: `LSTM<128, layers<2>, dropout<0.2>>`.
namespace tenon {

namespace option {

template <auto N>
struct Layers {};
struct Bidirectional {};
struct Last {};
template <auto Value>
struct Mask {};
struct Stateful {};
template <auto Rate>
struct Dropout {};
template <class F>
struct Nonlinearity {};
template <bool Value>
struct LinearBeforeReset {};
struct Peepholes {};
struct DiagonalPeepholes {};
template <auto Limit>
struct CellClip {};
struct LitertInt8 {};

}  // namespace option

/// N layers on one another, each of which reads the whole sequence of the one below.
template <auto N>
inline constexpr option::Layers<N> layers{};
/// A second set of weights reads the sequence from its end; both results stand side by side.
inline constexpr option::Bidirectional bidirectional{};
/// Only the final state instead of the whole sequence: what each direction has read all steps for.
inline constexpr option::Last last{};
/// Sequences may be shorter than the shape says: the steps at the end of one all of whose features are Value are no
/// part of it. The state stays 0 there, the final state is that of the last step before, and no gradient flows.
template <auto Value>
inline constexpr option::Mask<Value> mask{};
/// A sequence goes on where the one before it at the same place of the batch ended: Trainer and Session keep the states
/// until `reset_states()`. No gradient flows back beyond the start (truncated back-propagation through time).
/// Everywhere else every sequence starts with zeros.
inline constexpr option::Stateful stateful{};
/// Between stacked layers each number is set to 0 with this probability, as Dropout does.
template <auto Rate>
inline constexpr option::Dropout<Rate> dropout{};
/// Of RNN: `nonlinearity<ReLU>` instead of Tanh.
template <class F>
inline constexpr option::Nonlinearity<F> nonlinearity{};
/// Of GRU: with `false` the reset gate acts on the state before the matrix product, as first published. ONNX:
/// linear_before_reset. Keras: reset_after.
template <bool Value>
inline constexpr option::LinearBeforeReset<Value> linear_before_reset{};
[[deprecated("called linear_before_reset<false>")]] inline constexpr option::LinearBeforeReset<false> reset_before{};
/// Of LSTM. `peepholes`: a matrix times the memory of the step before is added to all gates. `diagonal_peepholes`:
/// vectors times it, number by number, are added to the input and forget gates, and one times the new memory to the
/// output gate.
inline constexpr option::Peepholes peepholes{};
inline constexpr option::DiagonalPeepholes diagonal_peepholes{};
/// Of LSTM: the memory stays within [-Limit, Limit]. TFLite: cell_clip.
template <auto Limit>
inline constexpr option::CellClip<Limit> cell_clip{};
/// Of LSTM: in int8 (`Quantized`) it gives the bytes that LiteRT's integer LSTM gives, whose sigmoid and tanh are
/// slower than the library's; in float it changes nothing. An imported int8 network has it.
inline constexpr option::LitertInt8 litert_int8{};

}  // namespace tenon
