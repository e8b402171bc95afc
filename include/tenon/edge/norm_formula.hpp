#pragma once

#include <cstddef>
#include <type_traits>

#include <tenon/edge/step_pattern.hpp>
#include <tenon/layers/formula/passes.hpp>
#include <tenon/layers/formula/unit.hpp>

/// Normalisations of rows, recognised by their formulas.
namespace tenon::edge::detail {

/// `weight` and `bias` are the parameters that follow; void where there are none.
template <class E>
struct NormFormula {
  static constexpr bool known = false;
};
template <bool Centred, auto Epsilon>
struct PlainNorm {
  static constexpr bool known = true, centred = Centred;
  static constexpr double epsilon = static_cast<double>(Epsilon);
  using weight = void;
  using bias = void;
};
using MeanOfRow = Operation<Op::divide, Operation<Op::row_sum, expr::Input<0>>, expr::Features>;
template <auto Epsilon>
struct NormFormula<Operation<
    Op::divide, Operation<Op::subtract, expr::Input<0>, MeanOfRow>,
    Operation<Op::square_root, Operation<Op::add, Operation<Op::row_variance, expr::Input<0>>, expr::Number<Epsilon>>>>>
    : PlainNorm<true, Epsilon> {};
template <auto Epsilon>
struct NormFormula<Operation<
    Op::divide, expr::Input<0>,
    Operation<
        Op::square_root,
        Operation<Op::add,
                  Operation<Op::divide, Operation<Op::row_sum, Operation<Op::multiply, expr::Input<0>, expr::Input<0>>>,
                            expr::Features>,
                  expr::Number<Epsilon>>>>> : PlainNorm<false, Epsilon> {};
template <class E, fixed_string N, class... O>
  requires(NormFormula<E>::known)
struct NormFormula<Operation<Op::multiply, E, expr::Parameter<N, O...>>> : NormFormula<E> {
  using weight = expr::Parameter<N, O...>;
};
template <class E, fixed_string N, class... O>
  requires(NormFormula<E>::known)
struct NormFormula<Operation<Op::add, E, expr::Parameter<N, O...>>> : NormFormula<E> {
  using bias = expr::Parameter<N, O...>;
};

template <class E>
  requires(NormFormula<E>::known)
inline constexpr StepPattern pattern_of<E>{.kind = StepKind::norm,
                                           .has_bias = !std::is_void_v<typename NormFormula<E>::bias>};

/// The normalisation within bounds and dropout.
template <class E>
struct WithoutBounds {
  using type = E;
};
template <Op O, class E, auto V>
  requires(O == Op::maximum || O == Op::minimum)
struct WithoutBounds<Operation<O, E, expr::Number<V>>> : WithoutBounds<E> {};
template <class E, auto Rate>
struct WithoutBounds<Operation<Op::multiply, E, expr::Noise<Rate>>> : WithoutBounds<E> {};

/// Which of the parameters of a formula one is.
template <class P, class... Q>
constexpr size_t place_among(tenon::detail::list<Q...>) {
  size_t place = 0, found = 0;
  ((std::is_same_v<P, Q> ? void(found = place) : void(), ++place), ...);
  return found;
}

/// A factor, and perhaps a summand, for each channel: the second pass of a GroupNorm.
template <class E>
struct ScaledFormula {
  static constexpr bool known = false;
};
template <fixed_string N, class... O>
struct ScaledFormula<Operation<Op::multiply, expr::Input<0>, expr::Parameter<N, O...>>> {
  static constexpr bool known = true;
  using weight = expr::Parameter<N, O...>;
  using bias = void;
};
template <class E, fixed_string N, class... O>
  requires(ScaledFormula<E>::known)
struct ScaledFormula<Operation<Op::add, E, expr::Parameter<N, O...>>> : ScaledFormula<E> {
  using bias = expr::Parameter<N, O...>;
};

}  // namespace tenon::edge::detail
