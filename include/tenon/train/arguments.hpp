#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include <tenon/data/dataset.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/metrics/metric.hpp>
#include <tenon/model/arguments.hpp>
#include <tenon/net/mistakes.hpp>
#include <tenon/optim/optimizer.hpp>
#include <tenon/optim/regularizer.hpp>

/// What the functions that train and evaluate are given, and what they say where that is something else. Each
/// asks `judge_...` for its mistake, or void, before it looks at anything.
namespace tenon {

struct a_loss;
struct an_optimizer_with_lr_and_states_and_update;
struct groups_behind_the_first_optimizer;
struct a_list_of_callbacks;
struct a_regularizer_with_selection_and_l1_and_l2;
struct one_Fit;
struct a_metric_that_is_a_variable;

namespace detail {

template <fixed_string Function, class D>
constexpr auto judge_data_set() {
  if constexpr (IsData<D>) return std::type_identity<void>{};
  else if constexpr (requires(const D& d) {
                       as_data_set(d.train);
                       as_data_set(d.test);
                     })
    return std::type_identity<wrong_argument<argument<Function, "data">, takes<a_data_set>, but_gets<D>,
                                             write<"auto [train, test] = ...">>>{};
  else
    return std::type_identity<wrong_argument<argument<Function, "data">, takes<a_data_set>, but_gets<D>,
                                             write<"tensor_dataset(x, labels, classes)">>>{};
}
template <fixed_string Function, fixed_string Name, class L>
constexpr auto judge_is_loss() {
  if constexpr (Loss<L>) return std::type_identity<void>{};
  else if constexpr (NetworkOptimizer<L>)
    return std::type_identity<wrong_argument<argument<Function, Name>, takes<a_loss>, but_gets<L>,
                                             write<"Fit{.loss = ..., .optimizer = ...}">>>{};
  else
    return std::type_identity<wrong_argument<argument<Function, Name>, takes<a_loss>, but_gets<L>,
                                             write<"FormulaLoss<abs(prediction-target)>{}">>>{};
}
template <fixed_string Function, fixed_string Name, class O>
constexpr auto judge_is_optimizer() {
  if constexpr (requires { requires !O::has_groups_alone; })
    return std::type_identity<wrong_argument<argument<Function, Name>, takes<groups_behind_the_first_optimizer>,
                                             but_gets<O>, write<"group<by_name<...>>(SGD{})">>>{};
  else if constexpr (NetworkOptimizer<O>) return std::type_identity<void>{};
  else
    return std::type_identity<
        wrong_argument<argument<Function, Name>, takes<an_optimizer_with_lr_and_states_and_update>, but_gets<O>,
                       write<"Adam{.lr = 1e-3}">>>{};
}

template <class R>
inline constexpr bool is_regularizer = Regularizer<R>;
template <class... R>
inline constexpr bool is_regularizer<Regularizers<R...>> = (is_regularizer<R> && ...);
template <fixed_string Function, fixed_string Name, fixed_string Write, class R>
constexpr auto judge_is_regularizer() {
  if constexpr (is_regularizer<R>) return std::type_identity<void>{};
  else
    return std::type_identity<wrong_argument<
        argument<Function, Name>, takes<a_regularizer_with_selection_and_l1_and_l2>, but_gets<R>, write<Write>>>{};
}

/// The first mistake of several, or void.
template <class... Mistake>
struct first_mistake {
  using type = void;
};
template <class First, class... Rest>
struct first_mistake<First, Rest...> {
  using type = First;
};
template <class... Rest>
struct first_mistake<void, Rest...> : first_mistake<Rest...> {};

}  // namespace detail
}  // namespace tenon
