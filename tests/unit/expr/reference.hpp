#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/expr/functions.hpp>
#include <tenon/expr/lower.hpp>

/// Formulas computed a second time, in the plainest way: every subexpression is a table of doubles,
/// one row a sample, and every reduction a loop. It shares nothing with the library but the types of
/// formulas; gradients come from central differences.
namespace reference {

using tenon::expr::Op;
using tenon::expr::Operation;

struct Table {
  std::size_t rows = 0, width = 0;
  std::vector<double> numbers;

  Table() = default;
  Table(std::size_t row_count, std::size_t columns, double value = 0)
      : rows{row_count}, width{columns}, numbers(row_count * columns, value) {}
  double& at(std::size_t row, std::size_t column) { return numbers[row * width + column]; }
  double at(std::size_t row, std::size_t column) const { return numbers[row * width + column]; }
};

/// What a formula is applied to. `base`, where set, is the point at which a difference quotient is
/// taken: what passes no gradient keeps the value it has there.
template <class Formula>
struct Point {
  std::size_t rows, width;
  std::vector<Table> inputs;
  std::vector<std::vector<double>> parameters;  // one number, or one per feature
  Table noise;
  std::vector<std::int32_t> labels;
  const Point* base = nullptr;

  using parameter_list = tenon::expr::parameters_of<Formula>;
  const Point& fixed() const { return base != nullptr ? *base : *this; }
};

template <class P, class F>
Table each(const P& p, F f) {
  Table t(p.rows, p.width);
  for (std::size_t i = 0; i < p.rows; ++i)
    for (std::size_t j = 0; j < p.width; ++j) t.at(i, j) = f(i, j);
  return t;
}

/// Rows replaced by what `f` makes of them.
template <class P, class F>
Table each_row(const P& p, const Table& a, F f) {
  Table t(p.rows, p.width);
  for (std::size_t i = 0; i < p.rows; ++i) {
    const std::vector<double> row(a.numbers.begin() + static_cast<long>(i * p.width),
                                  a.numbers.begin() + static_cast<long>((i + 1) * p.width));
    const double value = f(row);
    for (std::size_t j = 0; j < p.width; ++j) t.at(i, j) = value;
  }
  return t;
}

inline double total(const std::vector<double>& row) {
  double sum = 0;
  for (const double v : row) sum += v;
  return sum;
}

template <Op O>
double unary(double a) {
  if constexpr (O == Op::negate) return -a;
  else if constexpr (O == Op::absolute) return std::fabs(a);
  else if constexpr (O == Op::sign) return a > 0 ? 1 : a < 0 ? -1 : 0;
  else if constexpr (O == Op::exponential) return std::exp(a);
  else if constexpr (O == Op::logarithm) return std::log(a);
  else if constexpr (O == Op::square_root) return std::sqrt(a);
  else if constexpr (O == Op::hyperbolic_tangent) return std::tanh(a);
  else if constexpr (O == Op::logistic) return 1 / (1 + std::exp(-a));
  else if constexpr (O == Op::error_function) return std::erf(a);
  else if constexpr (O == Op::soft_plus) return std::log1p(std::exp(a));
  else if constexpr (O == Op::sine) return std::sin(a);
  else return std::cos(a);
}

template <Op O>
double binary(double a, double b) {
  if constexpr (O == Op::add) return a + b;
  else if constexpr (O == Op::subtract) return a - b;
  else if constexpr (O == Op::multiply) return a * b;
  else if constexpr (O == Op::divide) return a / b;
  else if constexpr (O == Op::maximum) return std::max(a, b);
  else if constexpr (O == Op::minimum) return std::min(a, b);
  else if constexpr (O == Op::power) return std::pow(a, b);
  else if constexpr (O == Op::less) return a < b;
  else if constexpr (O == Op::less_equal) return a <= b;
  else if constexpr (O == Op::greater) return a > b;
  else if constexpr (O == Op::greater_equal) return a >= b;
  else if constexpr (O == Op::equal) return a == b;
  else return a != b;
}

template <class E>
struct evaluate;

template <int K>
struct evaluate<tenon::expr::Input<K>> {
  template <class P>
  static Table at(const P& p) {
    return p.inputs[K];
  }
};
template <auto V>
struct evaluate<tenon::expr::Number<V>> {
  template <class P>
  static Table at(const P& p) {
    return Table(p.rows, p.width, static_cast<double>(V));
  }
};
template <>
struct evaluate<tenon::expr::Features> {
  template <class P>
  static Table at(const P& p) {
    return Table(p.rows, p.width, static_cast<double>(p.width));
  }
};
template <>
struct evaluate<tenon::expr::Index> {
  template <class P>
  static Table at(const P& p) {
    return each(p, [](std::size_t, std::size_t j) { return static_cast<double>(j); });
  }
};
template <>
struct evaluate<tenon::expr::Label> {
  template <class P>
  static Table at(const P& p) {
    return each(p, [&](std::size_t i, std::size_t) { return static_cast<double>(p.labels[i]); });
  }
};
template <auto Rate>
struct evaluate<tenon::expr::Noise<Rate>> {
  template <class P>
  static Table at(const P& p) {
    return p.noise;
  }
};
template <tenon::fixed_string N, class... O>
struct evaluate<tenon::expr::Parameter<N, O...>> {
  template <class P>
  static Table at(const P& p) {
    using Self = tenon::expr::Parameter<N, O...>;
    constexpr int k = tenon::expr::detail::position<Self>(typename P::parameter_list{});
    const auto& v = p.parameters[static_cast<std::size_t>(k)];
    return each(p, [&](std::size_t, std::size_t j) { return v[v.size() == 1 ? 0 : j]; });
  }
};

/// The derivative of an element-wise formula by x, from six points: all elements move
/// at once, which is the same as each alone.
template <class A, class P>
Table derivative(P p) {
  constexpr double step = 1e-3;
  const std::vector<double> kept = p.inputs[0].numbers;
  const auto at = [&](double steps) {
    for (std::size_t i = 0; i < kept.size(); ++i) p.inputs[0].numbers[i] = kept[i] + steps * step;
    return evaluate<A>::at(p);
  };
  const Table f[] = {at(1), at(-1), at(2), at(-2), at(3), at(-3)};
  Table t(p.rows, p.width);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto d = [&](int k) { return f[2 * k].numbers[i] - f[2 * k + 1].numbers[i]; };
    t.numbers[i] = (45 * d(0) - 9 * d(1) + d(2)) / (60 * step);
  }
  return t;
}

template <Op O, class A>
struct evaluate<Operation<O, A>> {
  template <class P>
  static Table at(const P& p) {
    if constexpr (O == Op::stop) {
      return evaluate<A>::at(p.fixed());
    } else if constexpr (O == Op::gradient) {
      return derivative<A>(p);
    } else {
      const Table a = evaluate<A>::at(p);
      if constexpr (O == Op::row_sum) {
        return each_row(p, a, total);
      } else if constexpr (O == Op::row_max) {
        return each_row(p, a, [](const auto& row) { return *std::max_element(row.begin(), row.end()); });
      } else if constexpr (O == Op::row_min) {
        return each_row(p, a, [](const auto& row) { return *std::min_element(row.begin(), row.end()); });
      } else if constexpr (O == Op::row_variance) {
        return each_row(p, a, [](const auto& row) {
          const double n = static_cast<double>(row.size()), mean = total(row) / n;
          double sum = 0;
          for (const double v : row) sum += (v - mean) * (v - mean);
          return sum / n;
        });
      } else {
        return each(p, [&](std::size_t i, std::size_t j) { return unary<O>(a.at(i, j)); });
      }
    }
  }
};
template <Op O, class A, class B>
struct evaluate<Operation<O, A, B>> {
  template <class P>
  static Table at(const P& p) {
    const Table b = evaluate<B>::at(p);
    if constexpr (O == Op::surrogate) {
      const Table a = evaluate<A>::at(p.fixed());
      const Table b_there = evaluate<B>::at(p.fixed());
      return each(p, [&](std::size_t i, std::size_t j) { return a.at(i, j) + b.at(i, j) - b_there.at(i, j); });
    } else {
      const Table a = evaluate<A>::at(p);
      return each(p, [&](std::size_t i, std::size_t j) { return binary<O>(a.at(i, j), b.at(i, j)); });
    }
  }
};
template <class C, class A, class B>
struct evaluate<Operation<Op::select, C, A, B>> {
  template <class P>
  static Table at(const P& p) {
    const Table c = evaluate<C>::at(p), a = evaluate<A>::at(p), b = evaluate<B>::at(p);
    return each(p, [&](std::size_t i, std::size_t j) { return c.at(i, j) != 0 ? a.at(i, j) : b.at(i, j); });
  }
};

/// The central difference of sum(dy * formula) by a number that `p` holds.
template <class Formula>
double slope(Point<Formula>& p, const Table& dy, double& number) {
  const Point<Formula> base = p;
  p.base = &base;
  const double kept = number, step = 1e-5 * std::max(1.0, std::fabs(kept));
  const auto objective = [&](double value) {
    number = value;
    const Table y = evaluate<Formula>::at(p);
    double sum = 0;
    for (std::size_t i = 0; i < y.numbers.size(); ++i) sum += dy.numbers[i] * y.numbers[i];
    return sum;
  };
  const double difference = (8 * (objective(kept + step) - objective(kept - step)) -
                             (objective(kept + 2 * step) - objective(kept - 2 * step))) /
                            (12 * step);
  number = kept;
  p.base = nullptr;
  return difference;
}

}  // namespace reference
