#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/attention/options.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/input.hpp>
#include <tenon/layers/learned_position.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/multihead_attention.hpp>
#include <tenon/layers/rnn.hpp>
#include <tenon/layers/sinusoidal_position.hpp>
#include <tenon/layers/streamed_conv1d.hpp>
#include <tenon/net/named.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/residual.hpp>
#include <tenon/net/sequential.hpp>

namespace tenon {

/// A causal network of sequences as the network of one step: it is given a token and remembers what it needs of those
/// before (the states of recurrent layers, the last inputs of convolutions, the keys and values of attentions, the place).
/// Parameters are the same, and lie in the same order.
///
/// `Stepwise<Sequential<Input<64>, ...>>` takes Shape<1>, of sequences Input<T, F> it takes Shape<1, F>, of signals
/// Input<C, T> with a Conv1D Shape<C, 1>. What has to see what is still to come, such as an attention that is not causal,
/// cannot be stepped, and `steps_forward` says so.
template <std::size_t Context, class L>
struct stepwise {
  using type = L;
  static constexpr bool possible = true;
};
template <std::size_t Context, class... L>
struct stepwise<Context, Sequential<L...>> {
  using type = Sequential<typename stepwise<Context, L>::type...>;
  static constexpr bool possible = (stepwise<Context, L>::possible && ...);
};
template <std::size_t Context, class... L>
struct stepwise<Context, Residual<L...>> {
  using type = Residual<typename stepwise<Context, L>::type...>;
  static constexpr bool possible = (stepwise<Context, L>::possible && ...);
};
template <std::size_t Context, std::size_t N, class Block>
struct stepwise<Context, Repeat<N, Block>> {
  using type = Repeat<N, typename stepwise<Context, Block>::type>;
  static constexpr bool possible = stepwise<Context, Block>::possible;
};
template <std::size_t Context, fixed_string Name, class L>
struct stepwise<Context, Named<Name, L>> {
  using type = Named<Name, typename stepwise<Context, L>::type>;
  static constexpr bool possible = stepwise<Context, L>::possible;
};
template <std::size_t Context, std::size_t Heads, auto... Option>
struct stepwise<Context, MultiheadAttention<Heads, Option...>> {
  using type = MultiheadAttention<Heads, Option..., cached<Context>>;
  static constexpr bool possible = detail::attention_options<Option...>.causal;
};
template <std::size_t Context, auto... Option>
struct stepwise<Context, LearnedPosition<Option...>> {
  using type = LearnedPosition<Option..., cached<Context>>;
  static constexpr bool possible = true;
};
template <std::size_t Context, auto... Option>
struct stepwise<Context, SinusoidalPosition<Option...>> {
  using type = SinusoidalPosition<Option..., cached<Context>>;
  static constexpr bool possible = true;
};

namespace detail {

/// Of a recurrent layer that sees what lies behind alone.
template <template <auto...> class L, auto... Argument>
struct stepwise_recurrent {
  static constexpr RecurrentOptions options = RecurrentArguments<Argument...>::options;
  static constexpr bool possible = !options.bidirectional && !options.masked && !options.last;
  using type = std::conditional_t<possible && !options.stateful, L<Argument..., tenon::stateful>, L<Argument...>>;
};

}  // namespace detail

template <std::size_t Context, auto... Argument>
struct stepwise<Context, RNN<Argument...>> : detail::stepwise_recurrent<RNN, Argument...> {};
template <std::size_t Context, auto... Argument>
struct stepwise<Context, LSTM<Argument...>> : detail::stepwise_recurrent<LSTM, Argument...> {};
template <std::size_t Context, auto... Argument>
struct stepwise<Context, GRU<Argument...>> : detail::stepwise_recurrent<GRU, Argument...> {};

template <std::size_t Context, auto... Argument>
struct stepwise<Context, Conv1D<Argument...>> {
  using type = StreamedConv1D<Argument...>;
  static constexpr bool possible = detail::streams<Argument...>;
};

namespace detail {

template <class L>
inline constexpr bool is_signal_layer = false;
template <auto... Argument>
inline constexpr bool is_signal_layer<Conv1D<Argument...>> = true;
template <fixed_string Name, class L>
inline constexpr bool is_signal_layer<Named<Name, L>> = is_signal_layer<L>;

/// A network and its steps: tokens (time), sequences (time, features), or, where there is a Conv1D, signals (channels, time).
template <class Net>
struct network_of_steps {
  static constexpr std::size_t context = 0;
  static constexpr bool possible = false;
  using type = Net;
};
template <std::size_t Context, class... L>
struct network_of_steps<Sequential<Input<Context>, L...>> {
  static constexpr std::size_t context = Context;
  static constexpr bool possible = (stepwise<Context, L>::possible && ...);
  using type = Sequential<Input<1>, typename stepwise<Context, L>::type...>;
};
template <std::size_t A, std::size_t B, class... L>
struct network_of_steps<Sequential<Input<A, B>, L...>> {
  static constexpr bool signal = (is_signal_layer<L> || ...);
  static constexpr std::size_t context = signal ? B : A;
  static constexpr bool possible = (stepwise<context, L>::possible && ...);
  using type = Sequential<std::conditional_t<signal, Input<A, 1>, Input<1, B>>, typename stepwise<context, L>::type...>;
};

}  // namespace detail

template <class Net>
using Stepwise = typename detail::network_of_steps<Net>::type;
template <class Net>
inline constexpr bool steps_forward = detail::network_of_steps<Net>::possible;

}  // namespace tenon
