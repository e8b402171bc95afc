#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/edge/norm_formula.hpp>
#include <tenon/edge/step_pattern.hpp>
#include <tenon/expr/apply.hpp>

/// Formulas of one number: what becomes of x alone decides. In int8 these are tables of 256 entries.
namespace tenon::edge::detail {

constexpr bool is_point_operation(Op op) { return (op >= Op::negate && op <= Op::surrogate) || op == Op::select; }

/// A formula of the number at one place. Random numbers count as 1: Dropout passes everything.
template <class E>
inline constexpr bool is_point_formula = false;
template <>
inline constexpr bool is_point_formula<expr::Input<0>> = true;
template <auto V>
inline constexpr bool is_point_formula<expr::Number<V>> = true;
template <auto Rate>
inline constexpr bool is_point_formula<expr::Noise<Rate>> = true;
template <Op O, class... A>
inline constexpr bool is_point_formula<Operation<O, A...>> = is_point_operation(O) && (is_point_formula<A> && ...);

template <class E>
struct PointValue;
template <>
struct PointValue<expr::Input<0>> {
  static constexpr double at(double x) { return x; }
};
template <auto V>
struct PointValue<expr::Number<V>> {
  static constexpr double at(double) { return static_cast<double>(V); }
};
template <auto Rate>
struct PointValue<expr::Noise<Rate>> {
  static constexpr double at(double) { return 1; }
};
template <Op O, class A>
struct PointValue<Operation<O, A>> {
  static constexpr double at(double x) { return expr::apply<O>(PointValue<A>::at(x), 0.0); }
};
template <Op O, class A, class B>
struct PointValue<Operation<O, A, B>> {
  static constexpr double at(double x) { return expr::apply<O>(PointValue<A>::at(x), PointValue<B>::at(x)); }
};
template <class C, class A, class B>
struct PointValue<Operation<Op::select, C, A, B>> {
  static constexpr double at(double x) {
    return PointValue<C>::at(x) != 0 ? PointValue<A>::at(x) : PointValue<B>::at(x);
  }
};

/// A function of one number that the compiler can compute.
using PointFunction = double (*)(double);

/// E in which every Old is replaced by New.
template <class E, class Old, class New>
struct replaced {
  using type = E;
};
template <class Old, class New>
struct replaced<Old, Old, New> {
  using type = New;
};
template <Op O, class... A, class Old, class New>
  requires(!std::is_same_v<Operation<O, A...>, Old>)
struct replaced<Operation<O, A...>, Old, New> {
  using type = Operation<O, typename replaced<A, Old, New>::type...>;
};

/// How a formula depends on x where parameters and statistics of a batch are constants.
enum class Degree : unsigned char { constant, linear, other };
constexpr Degree degree_of(Op op, Degree a, Degree b) {
  if (op == Op::batch_sum || op == Op::batch_variance || op == Op::tracked) return Degree::constant;
  if (op == Op::matmul || op == Op::chunk || op == Op::transpose || is_row_reduction(op) || op == Op::row_variance)
    return Degree::other;
  if (a == Degree::constant && b == Degree::constant) return Degree::constant;
  if (a == Degree::other || b == Degree::other) return Degree::other;
  const bool both = a == Degree::linear && b == Degree::linear;
  if (op == Op::negate || op == Op::stop || op == Op::add || op == Op::subtract || (op == Op::multiply && !both) ||
      (op == Op::divide && b == Degree::constant))
    return Degree::linear;
  return Degree::other;
}
template <class E>
inline constexpr Degree degree = Degree::constant;
template <int K>
inline constexpr Degree degree<expr::Input<K>> = K == 0 ? Degree::linear : Degree::other;
template <auto Rate>
inline constexpr Degree degree<expr::Noise<Rate>> = Degree::other;
template <>
inline constexpr Degree degree<expr::Label> = Degree::other;
template <>
inline constexpr Degree degree<expr::Index> = Degree::other;
template <Op O, class A>
inline constexpr Degree degree<Operation<O, A>> = degree_of(O, degree<A>, Degree::constant);
template <Op O, class A, class B, class... C>
inline constexpr Degree degree<Operation<O, A, B, C...>> = O == Op::tracked   ? Degree::constant
                                                           : sizeof...(C) > 0 ? Degree::other
                                                                              : degree_of(O, degree<A>, degree<B>);

/// a x + b with numbers per feature or channel, such as BatchNorm gives when it does not learn.
template <class E>
inline constexpr bool is_affine = degree<E> == Degree::linear && !std::is_same_v<E, expr::Input<0>>;

/// The part of a formula that int8 has a step for: a dense layer, perhaps bounded, or an affine one; else void.
template <class E>
constexpr bool is_core() {
  return pattern_of<E>.kind == StepKind::dense || pattern_of<E>.kind == StepKind::norm ||
         (pattern_of<E>.kind == StepKind::unknown && is_affine<E> && !is_point_formula<E>);
}
template <class E, bool Is = is_core<E>()>
struct core_of {
  using type = void;
};
template <class E>
struct core_of<E, true> {
  using type = E;
};
template <class... Candidate>
struct first_core {
  using type = void;
};
template <class A, class... Rest>
struct first_core<A, Rest...> {
  using own = typename core_of<A>::type;
  using type = typename std::conditional_t<std::is_void_v<own>, first_core<Rest...>, std::type_identity<own>>::type;
};
template <Op O, class... A>
struct core_of<Operation<O, A...>, false> : first_core<A...> {};

/// A formula as what a step computes, and the function of that which follows; `void` where nothing follows.
template <class E>
struct SplitFormula {
  static constexpr StepPattern pattern = pattern_of<E>;

private:
  struct Nothing {};
  static constexpr auto judge() {
    if constexpr (pattern.kind != StepKind::unknown) {
      return std::type_identity<Operation<Op::stop, E>>{};
    } else if constexpr (is_point_formula<E>) {
      return std::type_identity<Operation<Op::stop, expr::Input<0>, E>>{};
    } else {
      using Core = typename core_of<E>::type;
      if constexpr (std::is_void_v<Core>) {
        return std::type_identity<void>{};
      } else if constexpr (std::is_same_v<Core, E>) {
        return std::type_identity<Operation<Op::stop, E>>{};
      } else {
        // what follows the core must not read x again
        using marked = typename replaced<typename replaced<E, Core, expr::Number<0>>::type, expr::Input<0>,
                                         Nothing>::type;
        using After = typename replaced<E, Core, expr::Input<0>>::type;
        if constexpr (is_point_formula<marked> && is_point_formula<After>)
          return std::type_identity<Operation<Op::stop, Core, After>>{};
        else return std::type_identity<void>{};
      }
    }
  }
  template <class Found>
  struct parts {
    using core = void;
    using after = void;
  };
  template <class C>
  struct parts<Operation<Op::stop, C>> {
    using core = C;
    using after = void;
  };
  template <class C, class A>
  struct parts<Operation<Op::stop, C, A>> {
    using core = C;
    using after = A;
  };
  using found = parts<typename decltype(judge())::type>;

public:
  using core = typename found::core;
  using after = typename found::after;
  static constexpr bool known = !std::is_void_v<core>;
};

}  // namespace tenon::edge::detail
