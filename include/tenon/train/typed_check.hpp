#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tenon/data/typed.hpp>
#include <tenon/data/typed_columns.hpp>
#include <tenon/losses/loss_check.hpp>
#include <tenon/net/ports.hpp>

/// Whether a data set that has a type goes with a network and its loss, decided by the compiler.
namespace tenon {

/// A network is given data that it does not take, or that have other answers than it gives.
template <class Side, class Takes, class ButGets, class From>
struct data_mismatch;

struct network_input;
struct network_output;
template <class Shape, class Answer>
struct from_data_set;
/// The inputs of a graph, which the features columns are in order.
struct network_inputs;
struct columns_of_the_data_set;

namespace detail {

template <class Answer>
inline constexpr bool is_classes = Answer::classes > 0;

/// The answers that the loss compares an output with: one, or one for every step. One number scores two classes.
template <class L, class Input, class Output, class Answer>
constexpr auto wanted_answer() {
  constexpr TargetKind kind = target_kind_of<L>;
  constexpr size_t answers = answers_of<L, Output>;
  constexpr size_t classes = Output::size == 1 ? 2 : Output::size / answers;
  if constexpr (std::is_same_v<Answer, NoAnswers> && kind != TargetKind::labels && !compares_classes<L> &&
                Input::size == Output::size)
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

/// An input as the network says it: its name, if it has one, and its shape.
template <fixed_string Name, class S>
struct input_as_written;
template <fixed_string Name, size_t... D>
struct input_as_written<Name, Shape<D...>> {
  using type = In<Name, D...>;
};
template <class Net, size_t K>
constexpr auto input_name() {
  constexpr std::string_view name = port_names<Net>::inputs[K];
  return to_fixed_string<name.size()>(name);
}

/// Features columns `F` against the inputs: of as many, each has the name and the shape of its input. One column may
/// hold all inputs, one behind the other, and is looked at when training starts.
template <class Net, class... F, size_t... K>
constexpr auto judge_features(list<F...>, std::index_sequence<K...>) {
  constexpr bool fits = [] {
    if constexpr (sizeof...(F) != sizeof...(K)) return sizeof...(F) == 1;
    else
      return (... &&
              (F::name.view() == port_names<Net>::inputs[K] && serves_as<typename F::shape, input_shape_at<Net, K>>));
  }();
  if constexpr (fits) return std::type_identity<void>{};
  else
    return std::type_identity<data_mismatch<
        network_inputs, takes<typename input_as_written<input_name<Net, K>(), input_shape_at<Net, K>>::type...>,
        but_gets<F...>, columns_of_the_data_set>>{};
}

/// Which column of C goes with an output, as find_answers (train/answers.hpp) chooses; C::size where none does. Without
/// a name it is the only column of answers.
template <class C>
constexpr size_t place_of_answers(std::string_view name, bool by_name) {
  for (size_t k = 0; k < C::size; ++k)
    if (C::table[k].name == name && C::table[k].kind != ColumnKind::weights) return k;
  const size_t answers = C::count(ColumnKind::labels) + C::count(ColumnKind::targets);
  const bool reproduces = answers == 0 && C::count(ColumnKind::features) == 1;
  for (size_t k = 0; !by_name && (answers == 1 || reproduces) && k < C::size; ++k)
    if (C::table[k].kind != ColumnKind::weights && (C::table[k].kind == ColumnKind::features) == reproduces) return k;
  return C::size;
}
template <fixed_string Name, class Dims>
struct targets_column;
template <fixed_string Name, size_t... D>
struct targets_column<Name, Shape<D...>> {
  using type = TargetsColumn<Name, D...>;
};
/// The column of answers that loss L compares Output with: labels, one or one for every step, or targets.
template <class L, class Output, fixed_string Name, bool Labels>
struct wanted_column {
  static constexpr size_t answers = answers_of<L, Output>, classes = Output::size == 1 ? 2 : Output::size / answers;
  using type = typename std::conditional_t<Labels, std::type_identity<LabelsColumn<Name, classes, answers>>,
                                           targets_column<Name, Output>>::type;
};

/// The columns against what loss L of one output wants. `ByName`: no other column than the one of this name will do.
template <class L, class Output, fixed_string Name, bool ByName, class... C>
constexpr auto judge_answers(list<C...>) {
  constexpr size_t place = place_of_answers<Columns<C...>>(Name.view(), ByName);
  constexpr TargetKind kind = target_kind_of<L>;
  if constexpr (place == sizeof...(C)) {
    using Wanted = typename wanted_column<L, Output, Name, kind == TargetKind::labels>::type;
    return std::type_identity<data_mismatch<network_output, takes<Wanted>, but_gets<C...>, columns_of_the_data_set>>{};
  } else {
    constexpr StaticColumn column = Columns<C...>::table[place];
    constexpr bool labels = kind == TargetKind::labels ||
                            (kind == TargetKind::either && column.kind == ColumnKind::labels);
    using Column = typename element_of<place, list<C...>>::type;
    using Wanted = typename wanted_column<L, Output, Column::name, labels>::type;
    if constexpr (labels == (column.kind == ColumnKind::labels) && column.size == Wanted::shape::size &&
                  column.classes == Wanted::classes)
      return std::type_identity<void>{};
    else
      return std::type_identity<
          data_mismatch<network_output, takes<Wanted>, but_gets<Column>, columns_of_the_data_set>>{};
  }
}
template <class Net, class C, fixed_string Name, fixed_string Column, class L>
constexpr auto judge_answers_of(const OutputLoss<Name, Column, L>*) {
  if constexpr (Name.view().empty()) {
    return std::type_identity<void>{};  // a formula of outputs compares with nothing
  } else {
    constexpr auto asked = [] {
      if constexpr (Column.view().empty()) return Name;
      else return Column;
    }();
    return judge_answers < L, output_shape_at<Net, find_name(port_names<Net>::outputs, Name.view())>, asked,
           !Column.view().empty() || (number_of_outputs<Net> > 1) > (typename C::all{});
  }
}
template <class Net, class C, class... Term>
constexpr auto judge_all_answers(const JointLoss<Term...>*) {
  constexpr auto one = []<class T>(T) { return judge_answers_of<Net, C>(T{}); };
  return std::type_identity<
      typename first_refusal<typename decltype(one(static_cast<const Term*>(nullptr)))::type...>::type>{};
}

template <class Net, class L, class C>
constexpr auto judge_columns_of_data() {
  if constexpr (!CheckedLoss<Net, L>::valid) return std::type_identity<void>{};
  else {
    using Features = typename decltype([] {
      if constexpr (number_of_inputs<Net> == 1) return std::type_identity<void>{};
      else return judge_features<Net>(typename C::features{}, std::make_index_sequence<number_of_inputs<Net>>{});
    }())::type;
    if constexpr (!std::is_void_v<Features>) return std::type_identity<Features>{};
    else if constexpr (says_outputs<L>) return judge_all_answers<Net, C>(static_cast<joint_of<L>*>(nullptr));
    else return judge_answers<L, output_shape<Net>, "", false>(typename C::all{});
  }
}

/// The same of a data set of any type: one that says nothing is looked at when it is used.
template <class Net, class L, class D>
constexpr auto judge_typed_data() {
  if constexpr (requires { requires !D::valid; }) return std::type_identity<void>{};
  else if constexpr (requires {
                       typename D::shape;
                       typename D::answer;
                     })
    return judge_data<Net, L, typename D::shape, typename D::answer>();
  else if constexpr (requires { typename D::columns_type; })
    return judge_columns_of_data<Net, L, typename D::columns_type>();
  else return std::type_identity<void>{};
}

}  // namespace detail
}  // namespace tenon
