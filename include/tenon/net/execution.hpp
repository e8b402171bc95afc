#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <type_traits>

#include <tenon/net/checked.hpp>
#include <tenon/net/mistakes.hpp>

/// The ways of running a network that cannot run every network. Each has a rule for what it can do and refuses all
/// else: with one compile error where it is used, or as an answer to whoever asks first:
///
///     static_assert(runs_as<step_by_step, Net>);
///     using Why = refusal<in_int8, Net>;    // void, or cannot_run<layer<path<1>, MeanSteps>, in_int8>
namespace tenon {

/// Frozen's Stepped, and a Session with session::stepped.
struct step_by_step;
/// A Session with session::generating.
struct token_by_token;
/// Quantized.
struct in_int8;
/// Quantized with activations of 16 bits.
struct in_16_bits;
/// edge::Learner.
struct learning_on_device;

/// The layer that this way of running has no rule for, and its place; and what would do instead, if that is known.
template <class Layer, class Execution, class... Takes>
struct cannot_run;
struct a_causal_layer;

namespace detail {

/// Each way of running says what it refuses in its own header.
template <class Execution, class Net>
struct refusal_of;

template <class Execution, class Net>
constexpr bool check_execution() {
  if constexpr (Checked<Net>::valid) {
    using Mistake = typename refusal_of<Execution, Net>::type;
    if constexpr (!std::is_void_v<Mistake>) return refuse<Mistake>();
  }
  return true;
}

}  // namespace detail

/// Why the network cannot be run so, or void.
template <class Execution, class Net>
using refusal = typename detail::refusal_of<Execution, Net>::type;
template <class Execution, class Net>
inline constexpr bool runs_as = std::is_void_v<refusal<Execution, Net>>;

}  // namespace tenon
