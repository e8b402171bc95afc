#pragma once

#include <string>

#include <tenon/expr/lower.hpp>

namespace tenon::expr {

namespace detail {

/// Vertex `id` as text, in parentheses where it binds less than `outer`.
std::string print(const FormulaGraph& g, int id, int outer = 0);

}  // namespace detail

/// The formula as text, parameters by number: "x * sigmoid(x)".
template <auto F>
std::string to_string() {
  FormulaGraph g;
  return detail::print(g, lower<Canonical<lift<F>>>(g));
}

/// Its derivative by x as text, with y for the formula's own value: "y * (1 - y)".
template <auto F>
std::string derivative_string() {
  FormulaGraph g;
  const int root = lower<Canonical<lift<F>>>(g);
  return detail::print(g, derivative(g, root, true));
}

}  // namespace tenon::expr
