#pragma once

#include <cstddef>

#include <tenon/expr/expression.hpp>

/// The functions of functions.hpp with arguments that they do not take: each is refused, and the error says how it is
/// written. Overload resolution comes here last.
namespace tenon {

/// A function of formulas is given arguments that it does not take.
template <class Write>
struct wrong_arguments_in_a_formula;

}  // namespace tenon

namespace tenon::expr {

/// Arguments among which there is a formula.
template <class... A>
concept WithAFormula = (Expression<A> || ...);
/// The same, and more of them than there may be.
template <size_t Most, class... A>
concept TooMany = WithAFormula<A...> &&(sizeof...(A) > Most);

/// As it depends on A, it is refused where such a call is compiled.
template <fixed_string How, class... A>
constexpr Input<0> refuse_arguments() {
  tenon::detail::refuse<wrong_arguments_in_a_formula<write<How>>>();
  return {};
}

// clang-format off: a table of functions, three lines each
template <class... A>
  requires WithAFormula<A...>
constexpr auto abs(A...) { return refuse_arguments<"abs(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto sign(A...) { return refuse_arguments<"sign(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto exp(A...) { return refuse_arguments<"exp(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto expm1(A...) { return refuse_arguments<"expm1(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto log(A...) { return refuse_arguments<"log(a), the natural logarithm", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto sqrt(A...) { return refuse_arguments<"sqrt(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto tanh(A...) { return refuse_arguments<"tanh(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto sigmoid(A...) { return refuse_arguments<"sigmoid(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto erf(A...) { return refuse_arguments<"erf(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto softplus(A...) { return refuse_arguments<"softplus(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto sin(A...) { return refuse_arguments<"sin(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto cos(A...) { return refuse_arguments<"cos(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto square(A...) { return refuse_arguments<"square(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto pow(A...) { return refuse_arguments<"pow(a, b)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto max(A...) { return refuse_arguments<"max(a, b), or max(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto min(A...) { return refuse_arguments<"min(a, b), or min(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto select(A...) { return refuse_arguments<"select(condition, a, b)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto clamp(A...) { return refuse_arguments<"clamp(a, low, high)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto stop_gradient(A...) { return refuse_arguments<"stop_gradient(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto straight_through(A...) { return refuse_arguments<"straight_through(value, like)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto gradient(A...) { return refuse_arguments<"gradient(a), the derivative by x", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto relu(A...) { return refuse_arguments<"relu(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto relu6(A...) { return refuse_arguments<"relu6(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto selu(A...) { return refuse_arguments<"selu(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto gelu(A...) { return refuse_arguments<"gelu(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto silu(A...) { return refuse_arguments<"silu(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto mish(A...) { return refuse_arguments<"mish(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto hardsigmoid(A...) { return refuse_arguments<"hardsigmoid(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto hardswish(A...) { return refuse_arguments<"hardswish(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto logsigmoid(A...) { return refuse_arguments<"logsigmoid(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto softsign(A...) { return refuse_arguments<"softsign(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto tanhshrink(A...) { return refuse_arguments<"tanhshrink(a)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto sum(A...) { return refuse_arguments<"sum(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto mean(A...) { return refuse_arguments<"mean(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto softmax(A...) { return refuse_arguments<"softmax(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto log_softmax(A...) { return refuse_arguments<"log_softmax(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto variance(A...) { return refuse_arguments<"variance(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto norm(A...) { return refuse_arguments<"norm(a): of the features of a sample", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto batch_sum(A...) { return refuse_arguments<"batch_sum(a): over the batch", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto batch_mean(A...) { return refuse_arguments<"batch_mean(a): over the batch", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto batch_variance(A...) { return refuse_arguments<"batch_variance(a): over the batch", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto matmul(A...) { return refuse_arguments<"matmul(a, param<\"W\", Shape<In, Out>>)", A...>(); }
template <class... A>
  requires WithAFormula<A...>
constexpr auto transpose(A...) { return refuse_arguments<"transpose(param<\"W\", Shape<Out, In>>)", A...>(); }
template <class... A>
  requires TooMany<2, A...>
constexpr auto leaky_relu(A...) { return refuse_arguments<"leaky_relu(a, slope)", A...>(); }
template <class... A>
  requires TooMany<2, A...>
constexpr auto elu(A...) { return refuse_arguments<"elu(a, alpha)", A...>(); }
template <class... A>
  requires TooMany<2, A...>
constexpr auto celu(A...) { return refuse_arguments<"celu(a, alpha)", A...>(); }
template <class... A>
  requires TooMany<3, A...>
constexpr auto hardtanh(A...) { return refuse_arguments<"hardtanh(a, low, high)", A...>(); }
// clang-format on

}  // namespace tenon::expr
