#pragma once

#include <tenon/layers/formula/edge_unit.hpp>
#include <tenon/losses/input_kind.hpp>
#include <tenon/losses/joint.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/net/checked.hpp>
#include <tenon/net/part_inputs.hpp>
#include <tenon/net/ports.hpp>
#include <tenon/networks/last_layer.hpp>

/// Whether a loss makes sense for a network, decided by the compiler.
namespace tenon {

/// A shape of one axis with a number for each of at least two classes, or a sequence of such vectors.
struct vector_of_class_scores;
/// A network has several outputs: say of which the loss is, `on<"digit">(CrossEntropy{})`.
struct one_output_or_say_on;
template <class Net>
struct there_are_outputs;
struct a_loss_of_one_output;
template <fixed_string Name>
struct from_output;
/// A formula of several outputs has no options that a `param` could stand for.
struct a_formula_without_param;

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

/// The layer that gives output number `Port`, and the network without it.
template <class Net, size_t Port>
struct cut_output {
  using last = last_layer<Net>;
  using rest = without_last<Net>;
};
template <class... E, size_t Port>
struct cut_output<Graph<E...>, Port> : cut_value<Graph<E...>, linked_graph<E...>::links.output_values[Port]> {};
template <class... E, size_t Port>
  requires is_rewritten<Graph<E...>>
struct cut_output<Graph<E...>, Port> : cut_output<typename with_outputs<Graph<E...>>::type, Port> {
};

/// What is wrong with one of several losses, or void.
template <class Net, class L, class Term>
struct judge_term;
template <class Net, class L, fixed_string Name, fixed_string Column, class Loss>
struct judge_term<Net, L, OutputLoss<Name, Column, Loss>> {
  static constexpr const auto& names = port_names<Net>::outputs;
  static constexpr size_t port = find_name(names, Name.view());
  static consteval auto judge() {
    if constexpr (says_outputs<Loss>) {
      return std::type_identity<invalid_loss<Loss, takes<a_loss_of_one_output>>>{};
    } else if constexpr (!std::is_void_v<loss_formula_problem<Loss>>) {
      return std::type_identity<invalid_loss<Loss, loss_formula_problem<Loss>>>{};
    } else if constexpr (port == names.size()) {
      return std::type_identity<no_such_output<asked_for<Name>, known_ports<names>>>{};
    } else {
      using Output = output_shape_at<Net, port>;
      using Taken = typename decltype(judge_output<Loss, typename cut_output<Net, port>::last, Output>())::type;
      if constexpr (!std::is_void_v<Taken>)
        return std::type_identity<loss_mismatch<Loss, Taken, but_gets<Output>, from_output<Name>>>{};
      else return std::type_identity<void>{};
    }
  }
};
/// A formula reads outputs of one shape.
template <class Net, class L, class Loss>
struct judge_term<Net, L, OutputLoss<"", "", Loss>> {
  static consteval auto judge_formula() {
    if constexpr (ReadsBatches<Loss>) {
      return std::type_identity<void>{};
    } else {
      using E = expr::lift<Loss::formula>;
      if constexpr (expr::parameters_of<E>::size > 0) return std::type_identity<takes<a_formula_without_param>>{};
      else return judge_reductions<E, OutputProgram<E>>();
    }
  }
  static constexpr const auto& names = port_names<Net>::outputs;
  template <class Unknown, class... Edge>
  static consteval auto find(list<Edge...>) {
    constexpr size_t wrong = [] {
      const size_t found[]{find_name(names, expr::detail::edge_name<Edge>)...};
      size_t k = 0;
      while (k < sizeof...(Edge) && found[k] < names.size()) ++k;
      return k;
    }();
    if constexpr (wrong < sizeof...(Edge)) {
      constexpr std::string_view asked = std::array<std::string_view, sizeof...(Edge)>{
          expr::detail::edge_name<Edge>...}[wrong];
      return std::type_identity<no_such_output<asked_for<to_fixed_string<asked.size()>(asked)>, known_ports<names>>>{};
    } else {
      using Problem = typename decltype(judge_formula())::type;
      if constexpr (!one_shape_of<
                        Inputs<output_shape_at<Net, find_name(names, expr::detail::edge_name<Edge>)>...>>::same)
        return std::type_identity<invalid_loss<Loss, takes<of_one_shape>>>{};
      else if constexpr (std::is_void_v<Problem>) return std::type_identity<void>{};
      else return std::type_identity<invalid_loss<Loss, Problem>>{};
    }
  }
  static consteval auto judge() { return find<void>(typename outputs_read<Loss>::type{}); }
};

/// The first mistake of several losses, or void.
template <class Net, class L, class... Term>
constexpr auto judge_terms(const JointLoss<Term...>*) {
  using Mistake = typename first_refusal<typename decltype(judge_term<Net, L, Term>::judge())::type...>::type;
  return std::type_identity<Mistake>{};
}

/// The mistake there is, or void. Mistakes of the network itself have been reported before.
template <class Net, class L>
constexpr auto judge_loss() {
  if constexpr (says_outputs<L>) {
    if constexpr (Checked<Net>::valid) return judge_terms<Net, L>(static_cast<const joint_of<L>*>(nullptr));
    else return std::type_identity<void>{};
  } else if constexpr (Checked<Net>::valid && number_of_outputs<Net> > 1) {
    return std::type_identity<
        loss_mismatch<L, takes<one_output_or_say_on>, there_are_outputs<Net>, write<"on<\"name\">(loss)">>>{};
  } else if constexpr (!std::is_void_v<loss_formula_problem<L>>) {
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
/// The network without the last layers that the losses of its outputs absorb.
template <class Net, class... Term>
struct without_joined_outputs {
  using type = Net;
};
template <class Net, fixed_string Name, fixed_string Column, class Loss, class... Rest>
struct without_joined_outputs<Net, OutputLoss<Name, Column, Loss>, Rest...> {
  using cut = cut_output<Net, find_name(port_names<Net>::outputs, Name.view())>;
  using next = std::conditional_t<joins_last_layer<Loss, typename cut::last>, typename cut::rest, Net>;
  using type = typename without_joined_outputs<next, Rest...>::type;
};
template <class Net, class Loss, class... Rest>
struct without_joined_outputs<Net, OutputLoss<"", "", Loss>, Rest...> : without_joined_outputs<Net, Rest...> {};
template <class Net, class Joint>
struct without_joined_terms;
template <class Net, class... Term>
struct without_joined_terms<Net, JointLoss<Term...>> : without_joined_outputs<Net, Term...> {};

template <class Net, class L>
  requires says_outputs<L>
struct CheckedLossFor<Net, L, void> {
  static constexpr bool valid = Checked<Net>::valid;
  static constexpr bool joined = false;
  using trained = typename std::conditional_t<valid, without_joined_terms<Net, joint_of<L>>,
                                              std::type_identity<Net>>::type;
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
