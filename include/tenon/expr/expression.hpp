#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include <tenon/expr/op.hpp>
#include <tenon/fixed_string.hpp>
#include <tenon/net/mistakes.hpp>

/// What a user writes. A formula is a value of an empty-looking type: `x * sigmoid(x)` has the type
/// `Operation<Op::multiply, Input<0>, Operation<Op::logistic, Input<0>>>`. Its only data are the numbers
/// written in it, so it can be a template argument: `Map<x * sigmoid(x)>`.
namespace tenon {

/// A number, or a condition, stands where a formula should, or the other way round.
template <class... Write>
struct a_number_and_no_formula;
/// An operator that formulas do not have.
template <fixed_string Operator, class Write>
struct no_operator_of_formulas;

}  // namespace tenon

namespace tenon::expr {

/// Number k of the arrays the formula is applied to; `x` is the first.
template <int K>
struct Input;
/// A learnable number, vector or matrix with a name. Options, in any order: a `Shape<...>` or
/// `PerFeature` (default: one scalar), and an initialiser type (default: zeros).
template <fixed_string Name, class... Options>
struct Parameter;
/// The class index of a sample, for losses.
struct Label;
/// The position of a feature in its sample: 0, 1, 2, ...
struct Index;
/// How many features a sample has; how many values a batch reduction runs over.
struct Features;
struct BatchCount;
/// A random array of 0 and 1/(1-Rate), new in every training step; 1 in evaluation.
template <auto Rate>
struct Noise;
/// The formula's own result; only in what is compared with a derivative, see formula.hpp.
struct Result;
/// A number written in the formula. `Number` has it in the type, `Literal` in the value.
struct Literal;
template <auto Value>
struct Number;
template <Op O, class... A>
struct Operation;

/// Whether a type is a formula or a part of one.
template <class T>
inline constexpr bool is_expression = false;
template <int K>
inline constexpr bool is_expression<Input<K>> = true;
template <fixed_string N, class... O>
inline constexpr bool is_expression<Parameter<N, O...>> = true;
template <>
inline constexpr bool is_expression<Label> = true;
template <>
inline constexpr bool is_expression<Index> = true;
template <>
inline constexpr bool is_expression<Features> = true;
template <>
inline constexpr bool is_expression<BatchCount> = true;
template <auto R>
inline constexpr bool is_expression<Noise<R>> = true;
template <>
inline constexpr bool is_expression<Result> = true;
template <>
inline constexpr bool is_expression<Literal> = true;
template <auto V>
inline constexpr bool is_expression<Number<V>> = true;
template <Op O, class... A>
inline constexpr bool is_expression<Operation<O, A...>> = true;

/// A formula over placeholders.
template <class T>
concept Expression = is_expression<std::remove_cvref_t<T>>;
template <class T>
concept Operand = Expression<T> || std::is_arithmetic_v<std::remove_cvref_t<T>>;

/// How a formula is applied to values: one specialisation for numbers (evaluate.hpp), one for
/// xtensor expressions (model/lazy.hpp). Here so that `f(a)` works for both.
template <class Formula, class... A>
struct Apply {
  static_assert(
      sizeof(Formula) == 0,
      "a formula is applied to numbers (tenon/expr/formula.hpp) or to xtensor expressions (tenon/model/lazy.hpp)");
  static constexpr double apply(const Formula&, const A&...) { return 0; }
};

/// Refuses a use of a formula with the words of Mistake. As it depends on E, it is refused where that use is compiled,
/// not where the headers are.
template <class E, class Mistake>
constexpr bool refuse_for() {
  return tenon::detail::refuse<std::conditional_t<std::is_void_v<E>, void, Mistake>>();
}

using NoFormula = a_number_and_no_formula<write<"exp(x), not std::exp(x)">, write<"select(c, a, b), not c ? a : b">>;

/// Gives every expression its call operator: `(x * sigmoid(x))(0.5)`. That it also turns into a number or
/// a condition, which is refused, makes the compiler say so once instead of listing the overloads of
/// std::exp.
template <class Self>
struct Callable {  // NOLINT(bugprone-crtp-constructor-accessibility): expressions are aggregates
  template <class... A>
  constexpr decltype(auto) operator()(A&&... arguments) const {
    return Apply<Self, std::remove_cvref_t<A>...>::apply(static_cast<const Self&>(*this),
                                                         std::forward<A>(arguments)...);
  }
#ifdef __clang__  // which would go on to say that std::exp is no constant expression
  template <class Mistake = NoFormula>
  constexpr operator double() const = delete;
  constexpr operator const NoFormula*() const { return nullptr; }  // for c ? a : b, of two types
#else
  constexpr operator double() const {
    refuse_for<Self, NoFormula>();
    return 1;
  }
#endif
  constexpr explicit operator bool() const {
    refuse_for<Self, NoFormula>();
    return true;
  }
};

/// The leaves of a formula: its K-th input, a parameter, and what a loss or an optimizer is given besides.
template <int K>
struct Input : Callable<Input<K>> {};
template <fixed_string Name, class... Options>
struct Parameter : Callable<Parameter<Name, Options...>> {};
struct Label {};
struct Index {};
struct Features {};
struct BatchCount {};
template <auto Rate>
struct Noise {};
struct Result {};
struct Literal {
  double value;
};
template <auto Value>
struct Number {};

template <Op O>
struct Operation<O> {};
template <Op O, class A>
struct Operation<O, A> : Callable<Operation<O, A>> {
  A a;
  constexpr Operation() = default;
  constexpr explicit Operation(A a_) : a(a_) {}
};
template <Op O, class A, class B>
struct Operation<O, A, B> : Callable<Operation<O, A, B>> {
  A a;
  B b;
  constexpr Operation() = default;
  constexpr Operation(A a_, B b_) : a(a_), b(b_) {}
};
template <Op O, class A, class B, class C>
struct Operation<O, A, B, C> : Callable<Operation<O, A, B, C>> {
  A a;
  B b;
  C c;
  constexpr Operation() = default;
  constexpr Operation(A a_, B b_, C c_) : a(a_), b(b_), c(c_) {}
};

/// A number as a leaf of a formula; a formula as it is.
template <Operand T>
constexpr auto operand(T value) {
  if constexpr (Expression<T>) return value;
  else return Literal{static_cast<double>(value)};
}
template <Operand T>
using operand_t = decltype(operand(std::declval<T>()));

/// The formula that applies O to these.
template <Op O, class... A>
constexpr auto make(A... a) {
  return Operation<O, operand_t<A>...>{operand(a)...};
}

/// Two numbers or formulas, of which at least one is a formula.
template <class A, class B>
concept Operands = (Expression<A> || Expression<B>)&&Operand<A>&& Operand<B>;

/// Arithmetic and comparisons, number by number; a comparison is 1 where it holds and 0 elsewhere.
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator+(A a, B b) { return make<Op::add>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator-(A a, B b) { return make<Op::subtract>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator*(A a, B b) { return make<Op::multiply>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator/(A a, B b) { return make<Op::divide>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator<(A a, B b) { return make<Op::less>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator<=(A a, B b) { return make<Op::less_equal>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator>(A a, B b) { return make<Op::greater>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator>=(A a, B b) { return make<Op::greater_equal>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator==(A a, B b) { return make<Op::equal>(a, b); }
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator!=(A a, B b) { return make<Op::not_equal>(a, b); }
template <Expression A>
constexpr auto operator-(A a) {
  return make<Op::negate>(a);
}
template <Expression A>
constexpr A operator+(A a) {
  return a;
}

/// What formulas are written without: each is refused with what to write instead.
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator&&(A a, B b) {
  refuse_for<A, no_operator_of_formulas<"&&", write<"a * b: 1 where a and b are">>>();
  return make<Op::multiply>(a, b);
}
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator||(A a, B b) {
  refuse_for<A, no_operator_of_formulas<"||", write<"max(a, b): 1 where a or b is">>>();
  return make<Op::maximum>(a, b);
}
template <Expression A>
constexpr auto operator!(A a) {
  refuse_for<A, no_operator_of_formulas<"!", write<"1 - a">>>();
  return make<Op::subtract>(1, a);
}
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator^(A a, B b) {
  refuse_for<A, no_operator_of_formulas<"^", write<"pow(a, b), or square(a)">>>();
  return make<Op::power>(a, b);
}
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator&(A a, B b) {
  refuse_for<A, no_operator_of_formulas<"&", write<"a * b: 1 where a and b are">>>();
  return make<Op::multiply>(a, b);
}
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator|(A a, B b) {
  refuse_for<A, no_operator_of_formulas<"|", write<"max(a, b): 1 where a or b is">>>();
  return make<Op::maximum>(a, b);
}
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator%(A a, B b) {
  refuse_for<A, no_operator_of_formulas<"%", write<"a layer of your own">>>();
  return make<Op::divide>(a, b);
}
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator<<(A a, B b) {
  refuse_for<A, no_operator_of_formulas<"<<", write<"a * 2">>>();
  return make<Op::multiply>(a, b);
}
template <class A, class B>
  requires Operands<A, B>
constexpr auto operator>>(A a, B b) {
  refuse_for<A, no_operator_of_formulas<">>", write<"a / 2">>>();
  return make<Op::divide>(a, b);
}
template <Expression A>
constexpr auto operator~(A a) {
  refuse_for<A, no_operator_of_formulas<"~", write<"1 - a">>>();
  return make<Op::subtract>(1, a);
}
template <Expression A, Operand B>
constexpr auto operator+=(const A& a, B b) {
  refuse_for<A, no_operator_of_formulas<"+=", write<"a + b: a formula has no variables">>>();
  return make<Op::add>(a, b);
}
template <Expression A, Operand B>
constexpr auto operator-=(const A& a, B b) {
  refuse_for<A, no_operator_of_formulas<"-=", write<"a - b: a formula has no variables">>>();
  return make<Op::subtract>(a, b);
}
template <Expression A, Operand B>
constexpr auto operator*=(const A& a, B b) {
  refuse_for<A, no_operator_of_formulas<"*=", write<"a * b: a formula has no variables">>>();
  return make<Op::multiply>(a, b);
}
template <Expression A, Operand B>
constexpr auto operator/=(const A& a, B b) {
  refuse_for<A, no_operator_of_formulas<"/=", write<"a / b: a formula has no variables">>>();
  return make<Op::divide>(a, b);
}

}  // namespace tenon::expr
