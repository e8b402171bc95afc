#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/layers/formula/split.hpp>
#include <tenon/type_list.hpp>

/// A formula without what differs between layers that compute the same: the names and the shapes of its parameters.
namespace tenon::detail {

/// Stands for a parameter's options: its number in the formula.
template <int K>
struct Numbered {};

template <class E, class P>
struct skeleton {
  using type = E;
};
template <fixed_string N, class... O, class... P>
struct skeleton<expr::Parameter<N, O...>, list<P...>> {
  static constexpr int number = expr::detail::position<expr::Parameter<N, O...>>(list<P...>{});
  // a complete type: g++ 12 crashes under -ftime-report where a lookup has to complete it
  using type =
      decltype(std::conditional_t<expr::detail::is_scalar_parameter<O...>, expr::Parameter<"", Numbered<number>>,
                                  expr::Parameter<"", Numbered<number>, PerFeature>>{});
};
template <Op O, class... A, class... P>
struct skeleton<Operation<O, A...>, list<P...>> {
  using type = Operation<O, typename skeleton<A, list<P...>>::type...>;
};
/// A formula without the names and shapes of its parameters.
template <class E>
using skeleton_of = typename skeleton<E, expr::parameters_of<E>>::type;

template <class P>
inline constexpr int number_of = 0;
template <fixed_string N, int K, class... O>
inline constexpr int number_of<expr::Parameter<N, Numbered<K>, O...>> = K;

/// Stands for a dimension that is the number of features.
inline constexpr size_t per_feature = static_cast<size_t>(-1);

/// The input of a formula, as numbers. A row is what reductions run over: see `row_width`.
struct FormulaInput {
  size_t size = 0;
  size_t width = 0;     // of a row
  size_t features = 0;  // how many numbers are per feature
};

}  // namespace tenon::detail
