#pragma once

#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/last_layer.hpp>

/// Whether a loss makes sense for a network, decided by the compiler.
namespace tenon {

/// A shape of one axis with a number for each of at least two classes, or a sequence of such vectors.
struct vector_of_class_scores;

namespace detail {

/// What the loss takes instead of what the network gives, or void.
template <class L, class Last, class Output>
constexpr auto judge_output() {
  using Problem = typename loss_problem<L, Last>::type;
  if constexpr (!std::is_void_v<Problem>) return std::type_identity<Problem>{};
  else if constexpr (compares_classes<L> && (Output::rank > 2 || Output::size / answers_of<L, Output> < 2))
    return std::type_identity<takes<vector_of_class_scores>>{};
  else return std::type_identity<void>{};
}

/// The mistake there is, or void. A network with mistakes of its own has been told of them.
template <class Net, class L>
constexpr auto judge_loss() {
  if constexpr (!std::is_void_v<loss_formula_problem<L>>) {
    return std::type_identity<invalid_loss<L, loss_formula_problem<L>>>{};
  } else if constexpr (Checked<Net>::valid) {
    using Output = output_shape<Net>;
    using Taken = typename decltype(judge_output<L, last_layer<Net>, Output>())::type;
    if constexpr (!std::is_void_v<Taken>)
      return std::type_identity<loss_mismatch<L, Taken, but_gets<Output>, typename root_of<Net>::last>>{};
    else return std::type_identity<void>{};
  } else {
    return std::type_identity<void>{};
  }
}

/// The network as a loss wants it trained.
template <class Net, bool Joined>
struct without_joined {
  using type = Net;
};
template <class Net>
struct without_joined<Net, true> {
  using type = without_last<Net>;
};

template <class Net, class L, class Mistake>
struct CheckedLossFor {
  static_assert(refuse<Mistake>());
  static constexpr bool valid = false;
  static constexpr bool joined = false;
  using trained = Net;
};
template <class Net, class L>
struct CheckedLossFor<Net, L, void> {
  static constexpr bool valid = Checked<Net>::valid;
  /// The loss absorbs the last layer: `trained` is the network without it.
  static constexpr bool joined = joins_last_layer<L, last_layer<Net>>;
  using trained = typename without_joined<Net, joined>::type;
};
/// A loss with its network, and a compile error where they do not go together.
template <class Net, class L>
using CheckedLoss = CheckedLossFor<Net, L, typename decltype(judge_loss<Net, L>())::type>;

}  // namespace detail
}  // namespace tenon
