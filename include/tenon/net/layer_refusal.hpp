#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <type_traits>

#include <tenon/net/composition.hpp>
#include <tenon/net/execution.hpp>
#include <tenon/net/part_inputs.hpp>

/// The walk over a network's parts that finds the first one which a way of running refuses.
namespace tenon::detail {

/// What a way of running says of one layer. It is a type with
///
///     using execution = in_onnx;          // as the compile error calls it
///     template <class L, class In>
///     static constexpr bool takes = ...;  // a layer given the shape In; of a composition, all but its parts
///     template <class L>
///     using inside = ...;                 // what is asked within L, where that is another question
///
/// of which `inside` may be left out. L has no name; a name is walked through.
template <class Question, class L>
struct question_inside {
  using type = Question;
};
template <class Question, class L>
  requires requires { typename Question::template inside<L>; }
struct question_inside<Question, L> {
  using type = typename Question::template inside<L>;
};

/// `type`: cannot_run<...> with the first layer of L that the Question does not take, or void. L stands at Path and is
/// given In.
template <class Question, class L, class In, class Path>
struct layer_refusal;

template <class Question, class... Part, class... In, class... Path>
first_refusal<typename layer_refusal<Question, Part, In, Path>::type...> refusal_of_parts(list<Part...>, list<In...>,
                                                                                          list<Path...>);

template <class Question, class L, class In, class Path>
struct layer_refusal {
  static constexpr auto judge() {
    if constexpr (is_input_element<L>) {
      return std::type_identity<void>{};
    } else if constexpr (structure_of<L> != Structure::named && !Question::template takes<L, In>) {
      return std::type_identity<cannot_run<layer<Path, L>, typename Question::execution>>{};
    } else if constexpr (parts_of<L>::size == 0) {
      return std::type_identity<void>{};
    } else {
      using Within = typename question_inside<Question, L>::type;
      return std::type_identity<typename decltype(refusal_of_parts<Within>(parts_of<L>{}, part_inputs<L, In>{},
                                                                           part_paths<L, Path>{}))::type>{};
    }
  }
  using type = typename decltype(judge())::type;
};

}  // namespace tenon::detail
