#pragma once

#include <type_traits>
#include <utility>

#include <tenon/expr/evaluate.hpp>
#include <tenon/model/xtensor.hpp>

/// Formulas of xtensor expressions: `f(a)` is a lazy xtensor expression like `xt::exp(a)`, and may
/// stand wherever one may:
///
///     constexpr auto swish = x * sigmoid(x);
///     xt::noalias(y) = swish(a) + xt::exp(swish(b + c));
///
/// As everywhere in xtensor, what is named (`a`) is referred to and what is temporary (`b + c`) is
/// kept; the numbers written in a formula are copied.
namespace tenon::expr {

namespace detail {

template <class T>
inline constexpr bool is_lazy = xt::is_xexpression<T>::value;

}  // namespace detail

template <class F, class... A>
  requires((detail::is_lazy<A> || ...) && ((detail::is_lazy<A> || std::is_arithmetic_v<A>)&&...))
struct Apply<F, A...> {
  template <class... X>
  static auto apply(const F& formula, X&&... x) {
    if constexpr (detail::check_call<F, sizeof...(X)>())
      return xt::make_lambda_xfunction(detail::Function<F>(formula), std::forward<X>(x)...);
    else return 0.0;
  }
};

}  // namespace tenon::expr
