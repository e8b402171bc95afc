#pragma once

#include <tenon/expr/evaluate.hpp>
#include <tenon/expr/print.hpp>

/// What can be asked of a formula besides its value: whether it is the same as another one, and how
/// it and its derivative read.
///
///     static_assert(expr::same_form<x * x + x, x * (1 + x)>());
///     static_assert(expr::derivative_form<tanh(x)> == expr::form<1 - expr::y * expr::y>);
///     expr::to_string<x * sigmoid(x)>()                 // "x * sigmoid(x)"
///     expr::derivative_string<sigmoid(x)>()             // "y * (1 - y)"
namespace tenon::expr {

/// A formula reduced to its simplified form, or its derivative by x in the form that backward
/// computes. Compared with ==; the value of the formula itself is `y`.
template <class E, bool Derivative>
struct Form {};

/// A formula, or its derivative, as a value that can be compared and printed.
template <auto F>
inline constexpr Form<Canonical<lift<F>>, false> form{};
template <auto F>
inline constexpr Form<Canonical<lift<F>>, true> derivative_form{};
/// The result of a formula, as its own derivative reuses it.
inline constexpr Result y{};

namespace detail {

template <class E, bool Derivative>
constexpr int lower_form(FormulaGraph& g) {
  const int root = lower<E>(g);
  return simplify(g, Derivative ? derivative(g, root, true) : root);
}

}  // namespace detail

/// Whether two formulas do the same operations on the same leaves, in whatever order sums and products are written.
template <class A, bool DerivativeOfA, class B, bool DerivativeOfB>
consteval bool operator==(Form<A, DerivativeOfA>, Form<B, DerivativeOfB>) {
  FormulaGraph g;
  return detail::lower_form<A, DerivativeOfA>(g) == detail::lower_form<B, DerivativeOfB>(g);
}

/// Whether two formulas are the same but for the order of terms and factors, neutral elements and
/// common factors.
template <auto F, auto G>
consteval bool same_form() {
  return form<F> == form<G>;
}

}  // namespace tenon::expr
