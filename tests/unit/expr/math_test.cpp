#include <tenon/expr/math.hpp>
#include <tenon/kernels/dispatch.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

namespace math = tenon::math;
namespace kernels = tenon::kernels;

namespace {

template <class T>
using Limits = std::numeric_limits<T>;

// What is exact enough to judge T.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;

template <class T>
bool same(T a, T b) {
  return (a != a && b != b) || (a == b && std::signbit(a) == std::signbit(b));
}

// The distance from the exact value, in units of its last place in T; what rounds to infinity has
// to be infinity, or next to it.
template <class T>
double ulps(T got, Wide<T> exact) {
  const T rounded = static_cast<T>(exact);
  if (same(got, rounded)) return 0;
  if (std::isnan(got) || std::isnan(rounded)) return 1e9;
  if (std::isinf(rounded)) return got == std::copysign(Limits<T>::max(), rounded) ? 1 : 1e9;
  if (std::isinf(got)) return std::fabs(rounded) == Limits<T>::max() ? 1 : 1e9;
  int exponent = 0;
  std::frexp(exact, &exponent);
  const Wide<T> unit = std::ldexp(Wide<T>(1), std::max(exponent, Limits<T>::min_exponent) - Limits<T>::digits);
  return static_cast<double>(std::fabs(static_cast<Wide<T>>(got) - exact) / unit);
}

// Numbers of every magnitude, the subnormal and the non-finite among them, and many near 1.
template <class T>
std::vector<T> all_magnitudes(T limit) {
  using Bits = math::detail::bits_of<T>;
  constexpr std::size_t count = 1 << 18;
  constexpr Bits step = ~Bits(0) / count;
  std::vector<T> numbers;
  for (const T x : {T(0), Limits<T>::denorm_min(), Limits<T>::min(), Limits<T>::max(), Limits<T>::infinity(),
                    Limits<T>::quiet_NaN()})
    numbers.insert(numbers.end(), {x, -x});
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(std::bit_cast<T>(static_cast<Bits>(i * step + i % 1009)));
  std::mt19937_64 random(7);
  for (const double width : {1.0, 2.0, 10.0, 90.0, 750.0}) {
    std::uniform_real_distribution<double> spread(-width, width);
    for (int i = 0; i < 60'000; ++i) numbers.push_back(static_cast<T>(spread(random)));
  }
  std::erase_if(numbers, [&](T x) { return std::fabs(x) > limit; });
  return numbers;
}

// The loop that users write.
constexpr auto loop = [](const auto* x, auto* y, std::size_t n, auto function) TENON_INLINE_LAMBDA {
#pragma omp simd
  for (std::size_t i = 0; i < n; ++i) y[i] = function(x[i]);
};

// The worst error over all levels that this processor has.
template <class T, class Ours, class Exact>
double worst_ulps(Ours ours, Exact exact, T limit = Limits<T>::infinity()) {
  const std::vector<T> numbers = all_magnitudes(limit);
  std::vector<T> results(numbers.size());
  double worst = 0;
  for (int level = 0; level <= 2; ++level) {
    if (kernels::limit_cpu_level(level) != level) break;
    kernels::dispatch(loop, numbers.data(), results.data(), numbers.size(), ours);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      worst = std::max(worst, ulps<T>(results[i], exact(static_cast<Wide<T>>(numbers[i]))));
  }
  kernels::limit_cpu_level(2);
  return worst;
}

#define TENON_WORST(T, function, ...)                                                                                  \
  worst_ulps<T>([](T x) TENON_INLINE_LAMBDA { return math::function(x); },                                             \
                [](Wide<T> x) { return std::function(x); } __VA_OPT__(, ) __VA_ARGS__)

template <class W>
W exact_sigmoid(W x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

template <class W>
W exact_softplus(W x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

template <class T>
std::vector<T> special_numbers() {
  std::vector<T> numbers;
  for (const double x :
       {0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 1e30, 16777217.0, 4503599627370497.0, 9007199254740991.0, 9007199254740993.0})
    numbers.insert(numbers.end(), {static_cast<T>(x), static_cast<T>(-x)});
  for (const T x : {Limits<T>::denorm_min(), Limits<T>::min(), 1 - Limits<T>::epsilon(), 1 + Limits<T>::epsilon(),
                    Limits<T>::max(), Limits<T>::infinity(), Limits<T>::quiet_NaN()})
    numbers.insert(numbers.end(), {x, -x});
  return numbers;
}

}  // namespace

TEMPLATE_TEST_CASE("math functions are accurate at every magnitude and vector width", "", float, double) {
  CHECK(TENON_WORST(TestType, exp) < 1.5);
  CHECK(TENON_WORST(TestType, expm1) < 2.5);
  CHECK(TENON_WORST(TestType, log) < 1.5);
  CHECK(TENON_WORST(TestType, log1p) < 2);
  CHECK(TENON_WORST(TestType, sqrt) <= 0.5 + 1e-9);
  CHECK(TENON_WORST(TestType, tanh) < 3);
  CHECK(TENON_WORST(TestType, erf) < 2.5);
  CHECK(TENON_WORST(TestType, sin, TestType(6e6)) < 4);
  CHECK(TENON_WORST(TestType, cos, TestType(6e6)) < 4);
  CHECK(TENON_WORST(TestType, trunc) == 0);
  CHECK(TENON_WORST(TestType, floor) == 0);
  CHECK(worst_ulps<TestType>([](TestType x) TENON_INLINE_LAMBDA { return math::sigmoid(x); },
                             exact_sigmoid<Wide<TestType>>) < 2.5);
  CHECK(worst_ulps<TestType>([](TestType x) TENON_INLINE_LAMBDA { return math::softplus(x); },
                             exact_softplus<Wide<TestType>>) < 2.5);
}

TEMPLATE_TEST_CASE("pow is accurate wherever the result is a number", "", float, double) {
  using T = TestType;
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> unit(0, 1), around(-1, 1);
  const double largest = std::log(static_cast<double>(Limits<T>::max()));
  std::vector<T> bases, exponents;
  for (int i = 0; i < 100'000; ++i) {
    const T any = static_cast<T>(std::exp(largest * around(random)));
    bases.push_back(any);
    exponents.push_back(static_cast<T>(largest * 1.2 * around(random) / std::log(static_cast<double>(any))));
    bases.push_back(static_cast<T>(2 * unit(random)));
    exponents.push_back(static_cast<T>(10 * around(random)));
    bases.push_back(static_cast<T>(1 + 1e-3 * around(random)));
    exponents.push_back(static_cast<T>(1e3 * largest * around(random)));
    bases.push_back(static_cast<T>(-10 * unit(random)));
    exponents.push_back(static_cast<T>(std::floor(20 * around(random))));
  }
  std::vector<T> powers(bases.size());
  const auto power_loop = [x = bases.data(), e = exponents.data(), y = powers.data(), n = bases.size()]()
                              TENON_INLINE_LAMBDA {
#pragma omp simd
                                for (std::size_t i = 0; i < n; ++i) y[i] = math::pow(x[i], e[i]);
                              };
  kernels::dispatch(power_loop);
  double worst = 0;
  for (std::size_t i = 0; i < bases.size(); ++i)
    worst = std::max(worst,
                     ulps<T>(powers[i], std::pow(static_cast<Wide<T>>(bases[i]), static_cast<Wide<T>>(exponents[i]))));
  CHECK(worst < 2);
}

TEMPLATE_TEST_CASE("pow treats special operands as libm does", "", float, double) {
  for (const TestType x : special_numbers<TestType>())
    for (const TestType y : special_numbers<TestType>()) {
      const TestType got = math::pow(x, y), expected = std::pow(x, y);
      CAPTURE(x, y, got, expected);
      CHECK((same(got, expected) || (std::isfinite(expected) && ulps<TestType>(got, expected) < 2)));
    }
}

TEMPLATE_TEST_CASE("functions meet their limits exactly", "", float, double) {
  using T = TestType;
  const T inf = Limits<T>::infinity();
  CHECK(math::exp(-inf) == 0);
  CHECK(math::exp(inf) == inf);
  CHECK(math::exp(T(1000)) == inf);
  CHECK(math::exp(T(0)) == 1);
  CHECK(math::expm1(-inf) == -1);
  CHECK(math::expm1(inf) == inf);
  CHECK(same(math::expm1(-T(0)), -T(0)));
  CHECK(math::log(T(0)) == -inf);
  CHECK(math::log(-T(0)) == -inf);
  CHECK(math::log(T(1)) == 0);
  CHECK(math::log(inf) == inf);
  CHECK(std::isnan(math::log(T(-1))));
  CHECK(std::isnan(math::log(-inf)));
  CHECK(math::log1p(T(-1)) == -inf);
  CHECK(std::isnan(math::log1p(T(-2))));
  CHECK(math::log1p(inf) == inf);
  CHECK(math::tanh(inf) == 1);
  CHECK(math::tanh(-inf) == -1);
  CHECK(math::tanh(T(30)) == 1);
  CHECK(math::erf(inf) == 1);
  CHECK(math::erf(-inf) == -1);
  CHECK(math::erf(T(6)) == 1);
  CHECK(math::sigmoid(inf) == 1);
  CHECK(math::sigmoid(-inf) == 0);
  CHECK(math::sigmoid(T(0)) == T(0.5));
  CHECK(math::softplus(inf) == inf);
  CHECK(math::softplus(-inf) == 0);
  CHECK(math::cos(T(0)) == 1);
  CHECK(std::isnan(math::sin(inf)));
  CHECK(std::isnan(math::cos(-inf)));
  const T nan = Limits<T>::quiet_NaN();
  for (const T result : {math::exp(nan), math::expm1(nan), math::log(nan), math::log1p(nan), math::sqrt(nan),
                         math::tanh(nan), math::sigmoid(nan), math::erf(nan), math::softplus(nan), math::sin(nan),
                         math::cos(nan), math::floor(nan), math::trunc(nan), math::abs(nan), math::sign(nan)})
    CHECK(std::isnan(result));
}

// Where one of the two is nearly zero, all its digits come from the last parts of pi/2.
TEMPLATE_TEST_CASE("sin and cos keep their digits next to multiples of pi/2", "", float, double) {
  double worst = 0;
  const auto look = [&](int n) {
    const auto x = static_cast<TestType>(n * 1.57079632679489661923L);
    worst = std::max(worst, ulps<TestType>(math::sin(x), std::sin(static_cast<Wide<TestType>>(x))));
    worst = std::max(worst, ulps<TestType>(math::cos(x), std::cos(static_cast<Wide<TestType>>(x))));
  };
  for (int n = -63'000; n <= 63'000; ++n) look(n);
  for (int n = 63'000; n <= 3'800'000; n += 61) look(n);
  CHECK(worst < 4);
}

TEMPLATE_TEST_CASE("sin and cos of large numbers are off by no more than a rounding of x makes", "", float, double) {
  for (double x = 1e6; x < 1e15; x *= 1.37) {
    const auto at = static_cast<TestType>(x);
    const double error = std::max(x * 0x1p-53, static_cast<double>(Limits<TestType>::epsilon()));
    CAPTURE(x);
    CHECK(std::fabs(math::sin(at) - std::sin(static_cast<Wide<TestType>>(at))) <= error);
    CHECK(std::fabs(math::cos(at) - std::cos(static_cast<Wide<TestType>>(at))) <= error);
  }
}

TEMPLATE_TEST_CASE("sin and cos never leave [-1, 1]", "", float, double) {
  for (const TestType x : all_magnitudes(Limits<TestType>::max())) {
    if (std::isnan(x) || (std::fabs(math::sin(x)) <= 1 && std::fabs(math::cos(x)) <= 1)) continue;
    CAPTURE(x, math::sin(x), math::cos(x));
    FAIL();
  }
}

TEMPLATE_TEST_CASE("max and min hand on a NaN in their first argument only", "", float, double) {
  using T = TestType;
  const T nan = Limits<T>::quiet_NaN();
  CHECK(math::max(T(2), T(3)) == 3);
  CHECK(math::min(T(2), T(3)) == 2);
  CHECK(std::isnan(math::max(nan, T(0))));
  CHECK(std::isnan(math::min(nan, T(0))));
  CHECK(math::max(T(0), nan) == 0);
  CHECK(math::min(T(0), nan) == 0);
  CHECK(math::sign(T(-7)) == -1);
  CHECK(math::sign(Limits<T>::denorm_min()) == 1);
  CHECK(same(math::sign(-T(0)), -T(0)));
  CHECK(math::select(true, T(1), nan) == 1);
}

// The same in a vector loop: a NaN must not be lost because a lane's operands were swapped.
TEST_CASE("a NaN survives a vectorised relu") {
  std::vector<float> x(1000, -1.0f), y(1000);
  x[617] = Limits<float>::quiet_NaN();
  const auto relu = [](float a) TENON_INLINE_LAMBDA { return math::max(a, 0.0f); };
  kernels::dispatch(loop, x.data(), y.data(), x.size(), relu);
  CHECK(std::isnan(y[617]));
  CHECK(std::count(y.begin(), y.end(), 0.0f) == 999);
}

TEST_CASE("square roots in constant expressions round as the processor does") {
  for (const double x : all_magnitudes(Limits<double>::infinity())) {
    if (same(math::detail::constant_sqrt(x), std::sqrt(x))) continue;
    CAPTURE(x, math::detail::constant_sqrt(x), std::sqrt(x));
    FAIL();
  }
}

TEST_CASE("dispatch runs the body at the level asked for and returns its result") {
  const int best = kernels::limit_cpu_level(2);
  CHECK(best >= 0);
  CHECK(best <= 2);
  for (int level = 0; level <= best; ++level) {
    CHECK(kernels::limit_cpu_level(level) == level);
    CHECK(kernels::cpu_level() == level);
    CHECK(kernels::dispatch([](int a, int b) TENON_INLINE_LAMBDA { return a * b; }, 6, 7) == 42);
  }
  CHECK(kernels::limit_cpu_level(2) == best);
}
