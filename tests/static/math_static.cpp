// tenon::math in constant expressions. That this file compiles is the test.

#include <tenon/expr/math.hpp>

#include <limits>

namespace {

namespace math = tenon::math;

template <class T>
inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
inline constexpr T nan = std::numeric_limits<T>::quiet_NaN();

template <class T>
constexpr bool close(T got, double exact) {
  const double error = math::abs(static_cast<double>(got) - exact);
  return error <= 4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * math::abs(exact);
}

template <class T>
constexpr bool known_values() {
  return close(math::exp(T(1)), 2.7182818284590452) && close(math::exp(T(-2.5)), 0.082084998623898795) &&
         close(math::expm1(T(0.125)), 0.13314845306682632) && close(math::expm1(T(3)), 19.085536923187668) &&
         close(math::log(T(10)), 2.3025850929940457) && close(math::log(T(0.0625)), -2.7725887222397812) &&
         close(math::log1p(T(0.25)), 0.22314355131420976) && close(math::log1p(T(-0.75)), -1.3862943611198906) &&
         close(math::sqrt(T(2)), 1.4142135623730950) && close(math::sqrt(T(0.09765625)), 0.3125) &&
         close(math::pow(T(2), T(0.5)), 1.4142135623730951) && close(math::pow(T(-1.5), T(3)), -3.375) &&
         close(math::tanh(T(0.5)), 0.46211715726000976) && close(math::sigmoid(T(-1)), 0.26894142136999512) &&
         close(math::erf(T(0.5)), 0.52049987781304654) && close(math::erf(T(-2)), -0.99532226501895273) &&
         close(math::softplus(T(0)), 0.69314718055994531) && close(math::softplus(T(-4)), 0.01814992791780974) &&
         close(math::sin(T(1)), 0.84147098480789651) && close(math::sin(T(100)), -0.50636564110975879) &&
         close(math::cos(T(1)), 0.54030230586813972) && close(math::cos(T(-5)), 0.28366218546322626);
}
static_assert(known_values<float>());
static_assert(known_values<double>());

template <class T>
constexpr bool exact_values() {
  return math::exp(T(0)) == 1 && math::expm1(T(0)) == 0 && math::log(T(1)) == 0 && math::log1p(T(0)) == 0 &&
         math::sqrt(T(49)) == 7 && math::pow(T(3), T(0)) == 1 && math::tanh(T(0)) == 0 &&
         math::sigmoid(T(0)) == T(0.5) && math::erf(T(0)) == 0 && math::sin(T(0)) == 0 && math::cos(T(0)) == 1 &&
         math::abs(T(-3)) == 3 && math::max(T(1), T(2)) == 2 && math::min(T(1), T(2)) == 1 && math::sign(T(-9)) == -1 &&
         math::floor(T(-1.5)) == -2 && math::trunc(T(-1.5)) == -1 && math::floor(T(2.75)) == 2 &&
         math::copysign(T(2), T(-1)) == -2 && math::select(false, T(1), T(2)) == 2;
}
static_assert(exact_values<float>());
static_assert(exact_values<double>());

template <class T>
constexpr bool limits() {
  return math::exp(-infinity<T>) == 0 && math::exp(infinity<T>) == infinity<T> && math::exp(T(1000)) == infinity<T> &&
         math::exp(T(-1000)) == 0 && math::expm1(infinity<T>) == infinity<T> && math::expm1(-infinity<T>) == -1 &&
         math::log(T(0)) == -infinity<T> && math::log(infinity<T>) == infinity<T> &&
         math::log(std::numeric_limits<T>::denorm_min()) < -100 && math::log1p(T(-1)) == -infinity<T> &&
         math::log1p(infinity<T>) == infinity<T> && math::log1p(std::numeric_limits<T>::max()) > 80 &&
         math::tanh(infinity<T>) == 1 && math::sigmoid(-infinity<T>) == 0 && math::sigmoid(infinity<T>) == 1 &&
         math::erf(-infinity<T>) == -1 && math::softplus(infinity<T>) == infinity<T> &&
         math::softplus(-infinity<T>) == 0 && math::sqrt(infinity<T>) == infinity<T> &&
         math::pow(T(10), T(1000)) == infinity<T> && math::pow(T(10), T(-1000)) == 0 &&
         math::pow(T(0), T(-1)) == infinity<T> && math::pow(T(-2), infinity<T>) == infinity<T> &&
         math::pow(T(0.5), infinity<T>) == 0 && math::pow(nan<T>, T(0)) == 1 && math::pow(T(1), nan<T>) == 1;
}
static_assert(limits<float>());
static_assert(limits<double>());

template <class T>
constexpr bool is_nan(T x) {
  return x != x;
}

// NaN in gives NaN out, also where a compiler refuses to compute with it.
template <class T>
constexpr bool nans() {
  return is_nan(math::exp(nan<T>)) && is_nan(math::expm1(nan<T>)) && is_nan(math::log(nan<T>)) &&
         is_nan(math::log(T(-1))) && is_nan(math::log1p(nan<T>)) && is_nan(math::log1p(T(-2))) &&
         is_nan(math::sqrt(nan<T>)) && is_nan(math::sqrt(T(-1))) && is_nan(math::pow(T(-2), T(0.5))) &&
         is_nan(math::pow(nan<T>, T(2))) && is_nan(math::tanh(nan<T>)) && is_nan(math::sigmoid(nan<T>)) &&
         is_nan(math::erf(nan<T>)) && is_nan(math::softplus(nan<T>)) && is_nan(math::sin(nan<T>)) &&
         is_nan(math::sin(infinity<T>)) && is_nan(math::cos(nan<T>)) && is_nan(math::max(nan<T>, T(0))) &&
         is_nan(math::min(nan<T>, T(0))) && is_nan(math::sign(nan<T>)) && is_nan(math::floor(nan<T>));
}
static_assert(nans<float>());
static_assert(nans<double>());

}  // namespace
