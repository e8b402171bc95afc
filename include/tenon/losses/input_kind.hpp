#pragma once

#include <type_traits>

#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/mistakes.hpp>

/// What the prediction is that a loss of probabilities is given.
namespace tenon {

/// The network's last layer says it: a loss that joins that layer is given logits. Any other last layer
/// is a compile error.
struct by_last_layer;
/// The network's raw outputs, scores before Softmax or Sigmoid: `CrossEntropy<from_logits>`.
struct from_logits;
/// Probabilities, wherever they come from: `BinaryCrossEntropy<from_probabilities>`.
struct from_probabilities;

/// A loss is put on an output it does not go with.
template <class Loss, class Takes, class ButGets, class From>
struct loss_mismatch;

/// A loss takes what one of these layers gives.
template <class... L>
struct output_of;
/// Or the program says what is meant: `CrossEntropy<from_logits>`.
template <class... Input>
struct or_say;
/// Scores that no Softmax or Sigmoid has seen.
struct raw_scores;

namespace detail {

template <class T, class... U>
inline constexpr bool is_one_of = (std::is_same_v<T, U> || ...);

/// What is wrong with a loss that joins any of `Joined...`, comes after `Last` and has the argument `Input`:
/// probabilities taken for logits, or no template argument where the last layer does not say it either. `OrSay` are the
/// arguments that the loss may be given.
template <class OrSay, class Input, class Last, class... Joined>
using input_problem_of = std::conditional_t<
    std::is_same_v<Input, from_logits>,
    std::conditional_t<is_one_of<Last, Softmax, LogSoftmax, Sigmoid>, takes<raw_scores>, void>,
    std::conditional_t<std::is_same_v<Input, by_last_layer> && !is_one_of<Last, Joined...>,
                       takes<output_of<Joined...>, OrSay>, void>>;
template <class Input, class Last, class... Joined>
using input_problem = input_problem_of<or_say<from_logits, from_probabilities>, Input, Last, Joined...>;

/// A loss of log-probabilities is no good after a layer that gives probabilities.
template <class Last>
using log_probability_problem = std::conditional_t<is_one_of<Last, Softmax, Sigmoid>, takes<output_of<LogSoftmax>>,
                                                   void>;

/// What the numbers are that the loops get.
enum class Given { logits, probabilities };

}  // namespace detail
}  // namespace tenon
