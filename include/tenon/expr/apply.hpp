#pragma once

#include <tenon/expr/math.hpp>
#include <tenon/expr/op.hpp>

namespace tenon::expr {

/// The comparison O of two numbers.
template <Op O, class T>
TENON_INLINE constexpr bool compare(T a, T b) {
  if constexpr (O == Op::less) return a < b;
  else if constexpr (O == Op::less_equal) return a <= b;
  else if constexpr (O == Op::greater) return a > b;
  else if constexpr (O == Op::greater_equal) return a >= b;
  else if constexpr (O == Op::equal) return a == b;
  else return a != b;
}

/// The value of one operation. `select` is not here: it needs its condition, see `evaluate`.
template <Op O, class T>
TENON_INLINE constexpr T apply(T a, [[maybe_unused]] T b) {
  if constexpr (O == Op::negate) return -a;
  else if constexpr (O == Op::absolute) return math::abs(a);
  else if constexpr (O == Op::sign) return math::sign(a);
  else if constexpr (O == Op::exponential) return math::exp(a);
  else if constexpr (O == Op::exponential_minus_one) return math::expm1(a);
  else if constexpr (O == Op::logarithm) return math::log(a);
  else if constexpr (O == Op::square_root) return math::sqrt(a);
  else if constexpr (O == Op::hyperbolic_tangent) return math::tanh(a);
  else if constexpr (O == Op::logistic) return math::sigmoid(a);
  else if constexpr (O == Op::error_function) return math::erf(a);
  else if constexpr (O == Op::soft_plus) return math::softplus(a);
  else if constexpr (O == Op::sine) return math::sin(a);
  else if constexpr (O == Op::cosine) return math::cos(a);
  else if constexpr (O == Op::reciprocal) return T(1) / a;
  else if constexpr (O == Op::stop || O == Op::surrogate) return a;
  else if constexpr (O == Op::add) return a + b;
  else if constexpr (O == Op::subtract) return a - b;
  else if constexpr (O == Op::multiply) return a * b;
  else if constexpr (O == Op::divide) return a / b;
  else if constexpr (O == Op::maximum) return math::maximum(a, b);
  else if constexpr (O == Op::minimum) return math::minimum(a, b);
  else if constexpr (O == Op::power) return math::pow(a, b);
  else return compare<O>(a, b) ? T(1) : T(0);
}

}  // namespace tenon::expr
