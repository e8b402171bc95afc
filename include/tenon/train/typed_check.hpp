#pragma once

#include <tenon/data/typed.hpp>
#include <tenon/train/loss_check.hpp>

/// Whether a data set that has a type goes with a network and its loss, decided by the compiler.
namespace tenon {

/// A network is given data that it does not take, or that have other answers than it gives.
template <class Side, class Takes, class ButGets, class From>
struct data_mismatch;

struct network_input;
struct network_output;
template <class Shape, class Answer>
struct from_data_set;

namespace detail {

template <class Answer>
inline constexpr bool is_classes = Answer::classes > 0;

/// The answers that the loss compares an output with: one, or one for every step. One number tells two classes apart.
template <class L, class Input, class Output, class Answer>
constexpr auto wanted_answer() {
  constexpr TargetKind kind = target_kind_of<L>;
  constexpr std::size_t answers = answers_of<L, Output>;
  constexpr std::size_t classes = Output::size == 1 ? 2 : Output::size / answers;
  if constexpr (std::is_same_v<Answer, NoAnswers> && kind != TargetKind::labels && !compares_classes<L> && Input::size == Output::size)
    return std::type_identity<NoAnswers>{};  // the network reproduces its input
  else if constexpr (kind == TargetKind::labels || (kind == TargetKind::either && is_classes<Answer>))
    return std::type_identity<std::conditional_t<answers == 1, Classes<classes>, StepClasses<classes, answers>>>{};
  else return std::type_identity<Values<Output::size>>{};
}

template <class Net, class L, class S, class Answer>
constexpr auto judge_data() {
  if constexpr (!CheckedLoss<Net, L>::valid) {
    return std::type_identity<void>{};
  } else if constexpr (says_outputs<L> || number_of_inputs<Net> > 1) {
    return std::type_identity<void>{};  // columns are looked at by their names when training starts
  } else if constexpr (!serves_as<S, input_shape<Net>>) {
    return std::type_identity<
        data_mismatch<network_input, takes<input_shape<Net>>, but_gets<S>, from_data_set<S, Answer>>>{};
  } else {
    using Wanted = typename decltype(wanted_answer<L, input_shape<Net>, output_shape<Net>, Answer>())::type;
    if constexpr (!std::is_same_v<Wanted, Answer>)
      return std::type_identity<
          data_mismatch<network_output, takes<Wanted>, but_gets<Answer>, from_data_set<S, Answer>>>{};
    else return std::type_identity<void>{};
  }
}

/// The same of a data set of any type: one that says nothing is looked at when it is used.
template <class Net, class L, class D>
constexpr auto judge_typed_data() {
  if constexpr (requires { requires !D::valid; }) return std::type_identity<void>{};
  else if constexpr (requires { typename D::shape; typename D::answer; }) return judge_data<Net, L, typename D::shape, typename D::answer>();
  else return std::type_identity<void>{};
}

}  // namespace detail
}  // namespace tenon
