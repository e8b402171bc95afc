#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <tenon/expr/print.hpp>
#include <tenon/expr/program.hpp>

#include "reference.hpp"

/// Runs a formula's loops on rows that lie apart, and compares what they give with the reference.
namespace formula_rig {

using reference::Point;
using reference::Table;
using tenon::expr::Arguments;
using tenon::expr::Loops;

template <class T>
inline constexpr T untouched = std::numeric_limits<T>::quiet_NaN();

/// Rows with a gap after each, which nobody may write to.
template <class T>
struct Spaced {
  std::size_t rows, width, stride;
  std::vector<T> numbers;

  Spaced(std::size_t row_count, std::size_t columns, std::size_t gap, T value = untouched<T>)
      : rows{row_count}, width{columns}, stride{columns + gap}, numbers(row_count * stride, untouched<T>) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < width; ++j) (*this)(i, j) = value;
  }
  Spaced(const Table& t, std::size_t gap) : Spaced(t.rows, t.width, gap) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < width; ++j) (*this)(i, j) = static_cast<T>(t.at(i, j));
  }
  T& operator()(std::size_t i, std::size_t j) { return numbers[i * stride + j]; }
  T operator()(std::size_t i, std::size_t j) const { return numbers[i * stride + j]; }
  bool gaps_untouched() const {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = width; j < stride; ++j)
        if (!std::isnan(numbers[i * stride + j])) return false;
    return true;
  }
  operator tenon::expr::Array<T>() { return {numbers.data(), stride}; }
  operator tenon::expr::Array<const T>() const { return {numbers.data(), stride}; }
};

/// Differences are measured against the size of the largest number: gradients cancel.
struct Tolerance {
  double relative;
  double worst = 0;
  template <class Got, class Want>
  void compare(std::size_t rows, std::size_t width, Got got, Want want) {
    double scale = 1;
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < width; ++j) scale = std::max(scale, std::fabs(want(i, j)));
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < width; ++j) {
        const double difference = std::fabs(static_cast<double>(got(i, j)) - want(i, j)) / scale;
        if (!(difference <= worst)) worst = difference;  // a NaN stays
      }
  }
};

struct Case {
  std::size_t rows, width, gap;
  double lowest = -2, highest = 2;
  unsigned seed = 1;
};

template <class F>
Point<F> random_point(const Case& c) {
  using Program = tenon::expr::Program<tenon::expr::Canonical<F>>;
  std::mt19937 engine{c.seed};
  std::uniform_real_distribution<double> numbers{c.lowest, c.highest}, positive{0.3, 1.5};
  // as a float holds them, so that comparisons fall out alike
  const auto draw = [&](auto& from) { return static_cast<double>(static_cast<float>(from(engine))); };
  Point<F> p{c.rows, c.width, {}, {}, {}, {}, nullptr};
  for (int k = 0; k < std::max(1, Program::inputs); ++k)
    p.inputs.push_back(reference::each(p, [&](auto, auto) { return draw(numbers); }));
  [&]<class... P>(tenon::detail::list<P...>) {
    [[maybe_unused]] const auto add = [&](bool scalar) {
      p.parameters.emplace_back(scalar ? 1 : c.width);
      for (double& v : p.parameters.back()) v = draw(positive);
    };
    (add([]<tenon::fixed_string N, class... O>(tenon::expr::Parameter<N, O...>) {
       return tenon::expr::detail::is_scalar_parameter<O...>;
     }(P{})),
     ...);
  }(tenon::expr::parameters_of<F>{});
  p.noise = reference::each(p, [&](auto, auto) { return engine() % 2 == 0 ? 0.0 : 2.0; });
  for (std::size_t i = 0; i < c.rows; ++i) p.labels.push_back(static_cast<std::int32_t>(engine() % c.width));
  return p;
}

template <class F, class T>
void check_here(const Case& c, double forward_tolerance, double backward_tolerance) {
  using Program = tenon::expr::Program<tenon::expr::Canonical<F>>;
  constexpr int inputs = std::max(1, Program::inputs);
  Point<F> p = random_point<F>(c);
  const Table want = reference::evaluate<F>::at(p);
  Table dy(c.rows, c.width);
  std::mt19937 engine{c.seed + 77};
  for (double& v : dy.numbers)
    v = static_cast<double>(static_cast<float>(std::uniform_real_distribution<double>{-1, 1}(engine)));

  std::vector<Spaced<T>> x, dx;
  for (int k = 0; k < inputs; ++k) x.emplace_back(p.inputs[static_cast<std::size_t>(k)], c.gap);
  std::vector<std::vector<T>> parameters, gradients;
  for (const auto& v : p.parameters) {
    parameters.emplace_back(v.begin(), v.end());
    gradients.emplace_back(v.size(), T(0));
  }
  Spaced<T> y(c.rows, c.width, c.gap), seed(dy, c.gap), noise(p.noise, c.gap), kept(c.rows, c.width, c.gap);
  std::vector<std::vector<T>> saved(8, std::vector<T>(c.rows, untouched<T>));

  Arguments<T> base;
  base.count = base.batch_count = c.rows;
  base.width = c.width;
  base.label = p.labels.data();
  base.noise = noise;
  for (std::size_t k = 0; k < x.size(); ++k) base.input[k] = x[k];
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    base.parameter[k] = parameters[k].data();
    base.gradient[k] = gradients[k].data();
  }
  for (std::size_t k = 0; k < saved.size(); ++k) base.saved_row[k] = saved[k].data();

  Tolerance forward{forward_tolerance}, backward{backward_tolerance};
  const auto wanted = [&](std::size_t i, std::size_t j) { return want.at(i, j); };
  if constexpr (!Program::uses_noise) {
    Arguments<T> a = base;
    a.store[0] = y;
    Loops<typename Program::Evaluate, T>::run(a);
    forward.compare(c.rows, c.width, y, wanted);
    std::fill(y.numbers.begin(), y.numbers.end(), untouched<T>);
  }
  Arguments<T> a = base;
  a.store[0] = y;
  Loops<typename Program::ForwardRecompute, T>::run(a);
  forward.compare(c.rows, c.width, y, wanted);
  CHECK(y.gaps_untouched());

  const auto compare_parameters = [&] {
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      backward.compare(
          1, parameters[k].size(), [&](auto, std::size_t j) { return gradients[k][j]; },
          [&](auto, std::size_t j) { return reference::slope(p, dy, p.parameters[k][j]); });
      std::fill(gradients[k].begin(), gradients[k].end(), T(0));
    }
  };
  a = base;
  a.output = y;
  a.seed = seed;
  for (int k = 0; k < inputs; ++k) dx.emplace_back(c.rows, c.width, c.gap);
  for (std::size_t k = 0; k < dx.size(); ++k) a.store[k] = dx[k];
  constexpr unsigned all = (1U << inputs) - 1;
  using Store = typename Program::template BackwardRecompute<all, 0U>;
  using Accumulate = typename Program::template BackwardRecompute<all, all>;
  std::vector<Table> slopes;
  for (std::size_t k = 0; k < x.size(); ++k) {
    slopes.emplace_back(c.rows, c.width);
    for (std::size_t i = 0; i < slopes[k].numbers.size(); ++i)
      slopes[k].numbers[i] = reference::slope(p, dy, p.inputs[k].numbers[i]);
  }
  if constexpr (Store::plan.outputs.count > 0) {
    Loops<Store, T>::run(a);
    for (std::size_t k = 0; k < dx.size(); ++k) {
      if (!Program::has_gradient(static_cast<int>(k))) continue;
      backward.compare(c.rows, c.width, dx[k], [&](auto i, auto j) { return slopes[k].at(i, j); });
      CHECK(dx[k].gaps_untouched());
      for (std::size_t i = 0; i < c.rows; ++i)
        for (std::size_t j = 0; j < c.width; ++j) dx[k](i, j) = T(3);
    }
    compare_parameters();
    Loops<Accumulate, T>::run(a);
    for (std::size_t k = 0; k < dx.size(); ++k)
      if (Program::has_gradient(static_cast<int>(k)))
        backward.compare(c.rows, c.width, dx[k], [&](auto i, auto j) { return slopes[k].at(i, j) + 3; });
    for (auto& g : gradients) std::fill(g.begin(), g.end(), T(0));
  }
  if constexpr (Program::slope_suffices(0)) {
    Arguments<T> s = base;
    s.store[0] = y;
    s.store[1] = kept;
    Loops<typename Program::ForwardSlope, T>::run(s);
    forward.compare(c.rows, c.width, y, wanted);
    s = base;
    s.seed = seed;
    s.noise = kept;
    s.store[0] = dx[0];
    Loops<typename Program::BackwardSlope, T>::run(s);
    backward.compare(c.rows, c.width, dx[0], [&](auto i, auto j) { return slopes[0].at(i, j); });
    compare_parameters();
  }
  tenon::expr::FormulaGraph text;
  INFO(tenon::expr::detail::print(text, tenon::expr::lower<tenon::expr::Canonical<F>>(text)));
  INFO("rows " << c.rows << ", width " << c.width << ", gap " << c.gap << ", bytes " << sizeof(T) << ", level "
               << tenon::kernels::cpu_level());
  CHECK(forward.worst <= forward.relative);
  CHECK(backward.worst <= backward.relative);
}

/// Everything a formula is run for: evaluation, forward in training, backward that stores and backward that adds, and
/// the same by way of the kept slope where that is possible. The best loops that this processor has, and the library's
/// walk through what they do.
template <class F, class T>
void check(const Case& c, double forward_tolerance, double backward_tolerance) {
  for (const int level : {2, 0}) {
    tenon::kernels::limit_cpu_level(level);
    check_here<F, T>(c, forward_tolerance, backward_tolerance);
  }
  tenon::kernels::limit_cpu_level(2);
}

}  // namespace formula_rig
