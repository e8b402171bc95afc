#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/edge/frozen.hpp>
#include <tenon/expr/formula.hpp>
#include <tenon/expr/program.hpp>
#include <tenon/kernels/dispatch.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/net/networks.hpp>

#include "support/golden.hpp"

// The functions of formulas where they are special: at 0, at the ends of a domain, at ties, at infinity and NaN. What
// PyTorch gives there, tests/golden/make_edges.py has written down.
using namespace tenon;

namespace {

const test::Golden& golden() {
  static const test::Golden values{"edges"};
  return values;
}

/// The same number, but for rounding.
template <class T>
bool same(T got, double expected) {
  if (std::isnan(expected)) return std::isnan(got);
  if (std::isinf(expected)) return static_cast<double>(got) == expected;
  constexpr double tolerance = std::is_same_v<T, float> ? 2e-6 : 1e-14;
  return std::abs(static_cast<double>(got) - expected) <= tolerance * (std::abs(expected) + 0.2);
}

template <class T>
std::string name_of(const std::string& of_case, const char* what) {
  return of_case + "." + what + (std::is_same_v<T, float> ? "32" : "64");
}

template <class T>
std::vector<T> inputs(const std::string& name) {
  const auto numbers = golden().values(name);
  return {numbers.begin(), numbers.end()};
}

double total(const std::vector<double>& x, std::size_t i, std::size_t width) {
  double sum = 0;
  for (std::size_t k = i / width * width; k < i / width * width + width; ++k) sum += std::isnan(x[k]) ? x[k] : 0;
  return sum;
}

template <class T>
void compare(const std::string& of_case, const char* what, const std::vector<T>& got) {
  const auto x = golden().values(of_case + ".x");
  const auto t = golden().has(of_case + ".t") ? golden().values(of_case + ".t") : x;
  const auto expected = golden().values(name_of<T>(of_case, what));
  const std::size_t width = golden().shape(of_case + ".x")[0] == 1
                                ? 1
                                : golden().shape(of_case + ".x")[1];  // what depends on one another
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    // NaN gives NaN; what its gradient is, functions of PyTorch do not agree
    if (!same(got[i], expected[i]) &&
        !((std::isnan(total(x, i, width)) || std::isnan(t[i])) && (what[0] == 'd' || std::isnan(got[i]))))
      FAIL_CHECK(name_of<T>(of_case, what) << " of x = " << x[i] << " and t = " << t[i] << " (" << i << "): " << got[i]
                                           << " instead of " << expected[i]);
}

/// The loops, forward and backward, as each instruction set has them.
template <auto F, class T>
void check_loops(const std::string& of_case) {
  using Program = expr::Program<expr::Canonical<expr::lift<F>>>;
  const auto& shape = golden().shape(of_case + ".x");
  const auto x = inputs<T>(of_case + ".x");
  const bool two = golden().has(of_case + ".t");
  const auto t = two ? inputs<T>(of_case + ".t") : std::vector<T>(x.size());
  const std::vector<T> ones(x.size(), T(1));
  for (int level = 0; level <= 2; ++level) {
    if (kernels::limit_cpu_level(level) != level) break;
    INFO("instruction set " << level);
    std::vector<T> y(x.size()), kept(x.size()), dx(x.size()), dt(x.size()), p(1), dp(1);
    if (golden().has(of_case + ".p")) p = inputs<T>(of_case + ".p");
    std::vector<std::vector<T>> saved(8, std::vector<T>(shape[0]));
    expr::Arguments<T> base;
    base.count = base.batch_count = shape[0];
    base.width = shape[1];
    base.input[0] = {x.data(), shape[1]};
    base.input[1] = {t.data(), shape[1]};
    base.parameter[0] = p.data();
    base.gradient[0] = dp.data();
    for (std::size_t k = 0; k < saved.size(); ++k) base.saved_row[k] = saved[k].data();

    expr::Arguments<T> a = base;
    a.store[0] = {y.data(), shape[1]};
    expr::Loops<typename Program::ForwardRecompute, T>::run(a);
    compare(of_case, "y", y);

    a = base;
    a.output = {y.data(), shape[1]};
    a.seed = {ones.data(), shape[1]};
    a.store[0] = {dx.data(), shape[1]};
    a.store[1] = {dt.data(), shape[1]};
    using Backward = typename Program::template BackwardRecompute<3, 0>;
    if constexpr (Backward::plan.outputs.count > 0) expr::Loops<Backward, T>::run(a);
    compare(of_case, "dx", dx);
    if (two) compare(of_case, "dt", dt);
    if (golden().has(of_case + ".p") && !same(dp[0], golden().value(name_of<T>(of_case, "dp"))))
      FAIL_CHECK(of_case << ": dp is " << dp[0] << " instead of " << golden().value(name_of<T>(of_case, "dp")));

    if constexpr (Program::slope_suffices(0)) {
      a = base;
      a.store[0] = {y.data(), shape[1]};
      a.store[1] = {kept.data(), shape[1]};
      expr::Loops<typename Program::ForwardSlope, T>::run(a);
      compare(of_case, "y", y);
      compare(of_case, "dx", kept);
    }
  }
  kernels::limit_cpu_level(2);
}

/// One number at a time.
template <auto F, class T>
void check_scalars(const std::string& of_case) {
  const auto x = inputs<T>(of_case + ".x");
  std::vector<T> y, dx;
  constexpr bool two = expr::detail::arguments_of<std::remove_const_t<decltype(F)>> == 2;
  const auto t = two ? inputs<T>(of_case + ".t") : x;
  constexpr auto slope = gradient(F);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if constexpr (two) {
      y.push_back(F(x[i], t[i]));
      dx.push_back(slope(x[i], t[i]));
    } else {
      y.push_back(F(x[i]));
      dx.push_back(slope(x[i]));
    }
  }
  compare(of_case, "y", y);
  compare(of_case, "dx", dx);
}

template <auto F>
void check(const std::string& of_case) {
  INFO(of_case);
  check_loops<F, float>(of_case);
  check_loops<F, double>(of_case);
  check_scalars<F, float>(of_case);
  check_scalars<F, double>(of_case);
}
template <auto F>
void check_rows(const std::string& of_case) {
  INFO(of_case);
  check_loops<F, float>(of_case);
  check_loops<F, double>(of_case);
}
/// As firmware runs it: plain loops over one sample.
template <auto F>
void check_frozen(const std::string& of_case) {
  using Net = Sequential<Input<3>, Map<F>>;
  static const Weights<Net> none{};
  Frozen<Net> net{none};
  const auto x = inputs<float>(of_case + ".x");
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); i += 3)
    net(std::span<const float, 3>(x.data() + i, 3), std::span<float, 3>(y.data() + i, 3));
  compare(of_case, "y", y);
}

// The compiler's own.
static_assert(pow(x, 0)(0.0) == 1 && gradient(pow(x, 0))(0.0) == 0);
static_assert(select(x > 0, sqrt(x), 0)(0.0) == 0 && gradient(select(x > 0, sqrt(x), 0))(0.0) == 0);
static_assert(gradient(max(x, 0))(0.0) == 0 && gradient(abs(x))(0.0) == 0 && gradient(clamp(x, -1, 1))(1.0) == 1);
static_assert(gradient(max(prediction, target))(2.0, 2.0) == 0.5);

}  // namespace

TEST_CASE("functions of one number at the edge of their domains are PyTorch's") {
  check<abs(x)>("abs");
  check<sign(x)>("sign");
  check<exp(x)>("exp");
  check<expm1(x)>("expm1");
  check<log(x)>("log");
  check<sqrt(x)>("sqrt");
  check<tanh(x)>("tanh");
  check<sigmoid(x)>("sigmoid");
  check<erf(x)>("erf");
  check<sin(x)>("sin");
  check<cos(x)>("cos");
  check<softplus(x)>("softplus");
  check<-x>("negative");
  check<1 / x>("reciprocal");
  check<square(x)>("square");
  check<max(x, 0)>("relu");
  check<min(x, 0)>("minus_relu");
  check<clamp(x, -1, 1)>("clamp");
}

TEST_CASE("powers at the edge of their domains are PyTorch's") {
  check<pow(x, 0)>("pow_0");
  check<pow(x, 1)>("pow_1");
  check<pow(x, 2)>("pow_2");
  check<pow(x, 3)>("pow_3");
  check<pow(x, 0.5)>("pow_half");
  check<pow(x, 1.5)>("pow_one_and_half");
  check<pow(x, -1)>("pow_minus_1");
  check<pow(x, -2)>("pow_minus_2");
  check<pow(x, -3)>("pow_minus_3");
  check<pow(x, -0.5)>("pow_minus_half");
  check<pow(x, 10)>("pow_10");
  for (int k = 0; k < 6; ++k) check_rows<pow(x, param<"p">)>("pow_parameter_" + std::to_string(k));
}

TEST_CASE("the branch that is not taken has no gradient, also at its edge") {
  check<select(x > 0, sqrt(x), 0)>("sqrt_behind_select");
  check<select(x > 0, log(x), 0)>("log_behind_select");
}

TEST_CASE("functions of two numbers at the edge of their domains are PyTorch's") {
  check<prediction + target>("add");
  check<prediction - target>("subtract");
  check<prediction * target>("multiply");
  check<prediction / target>("divide");
  check<max(prediction, target)>("maximum");
  check<min(prediction, target)>("minimum");
  check<pow(prediction, target)>("pow");
  check<select(prediction > target, prediction, target)>("select");
}

TEST_CASE("reductions at ties and at zero are PyTorch's") {
  check_rows<sum(x)>("sum");
  check_rows<max(x)>("row_max");
  check_rows<min(x)>("row_min");
  check_rows<norm(x)>("norm");
  check_rows<x + norm(x)>("x_plus_norm");
  check_rows<variance(x)>("variance");
  check_rows<x - max(x)>("x_minus_max");
  check_rows<x - min(x)>("x_minus_min");
  check_frozen<x + norm(x)>("x_plus_norm");
  check_frozen<x - max(x)>("x_minus_max");
  check_frozen<x - min(x)>("x_minus_min");
}
