#include <cstddef>
#include <initializer_list>

#include <tenon/expr/formula.hpp>

// Formulas are differentiated by the compiler, so the compiler can prove that it is done right: every
// function's derivative, computed in a constant expression, is the limit of difference quotients
// computed in constant expressions.

namespace {

using namespace tenon;
using expr::derivative_form, expr::form, expr::same_form, expr::y;

constexpr double distance(double a, double b) { return a < b ? b - a : a - b; }
constexpr bool near(double a, double b, double tolerance) {
  const double size = b < 0 ? -b : b;
  return distance(a, b) <= tolerance * (size > 1 ? size : 1);
}

/// f'(p) from six values of f; the error is of the order of h^6.
template <class F>
constexpr double difference_quotient(F f, double p) {
  constexpr double h = 1.0 / 256;
  return (45 * (f(p + h) - f(p - h)) - 9 * (f(p + 2 * h) - f(p - 2 * h)) + (f(p + 3 * h) - f(p - 3 * h))) / (60 * h);
}

template <class F>
constexpr bool derivative_holds(F f, std::initializer_list<double> points) {
  for (const double p : points)
    if (!near(gradient(f)(p), difference_quotient(f, p), 1e-10)) return false;
  return true;
}

/// ... and the derivative's derivative.
template <class F>
constexpr bool both_derivatives_hold(F f, std::initializer_list<double> points) {
  return derivative_holds(f, points) && derivative_holds(gradient(f), points);
}

// Values.
static_assert(near(exp(x)(1.0), 2.71828182845904524, 1e-15));
static_assert(near(expm1(x)(1e-9), 1.0000000005e-9, 1e-24));
static_assert(near(log(x)(10.0), 2.30258509299404568, 1e-15));
static_assert(near(sqrt(x)(2.0), 1.41421356237309505, 1e-15));
static_assert(near(tanh(x)(0.5), 0.462117157260009758, 1e-15));
static_assert(near(sigmoid(x)(-2.0), 0.119202922022117560, 1e-15));
static_assert(near(erf(x)(0.5), 0.520499877813046538, 1e-15));
static_assert(near(softplus(x)(-1.0), 0.313261687518222834, 1e-15));
static_assert(near(sin(x)(2.0), 0.909297426825681695, 1e-15));
static_assert(near(cos(x)(2.0), -0.416146836547142387, 1e-15));
static_assert(near(pow(x, 2.5)(2.0), 5.65685424949238020, 1e-14));
static_assert(near(pow(2, x)(-0.5), 0.707106781186547524, 1e-15));
static_assert(abs(x)(-3.0) == 3 && sign(x)(-3.0) == -1 && sign(x)(0.0) == 0);
static_assert(max(x, 2)(1.0) == 2 && max(x, 2)(3.0) == 3 && min(x, 2)(1.0) == 1 && min(x, 2)(3.0) == 2);
static_assert(clamp(x, -1, 1)(-5.0) == -1 && clamp(x, -1, 1)(0.25) == 0.25 && clamp(x, -1, 1)(5.0) == 1);
static_assert(select(x > 0, 1 / x, 7)(0.0) == 7);
static_assert((x < 1)(0.0) == 1 && (x <= 1)(1.0) == 1 && (x > 1)(1.0) == 0 && (x >= 1)(1.0) == 1 &&
              (x == 1)(2.0) == 0 && (x != 1)(2.0) == 1);
static_assert((2 * x - 3)(5.0) == 7 && (-x / 4)(2.0) == -0.5 && (+x)(2.0) == 2 && square(x)(3.0) == 9);
static_assert(stop_gradient(x * x)(3.0) == 9 && straight_through(sign(x), x)(-3.0) == -1);
static_assert((prediction - 2 * target)(7.0, 3.0) == 1);

// What a formula is applied to decides the type of the result.
static_assert(std::is_same_v<decltype((x * 0.5)(1.0f)), float>);
static_assert(std::is_same_v<decltype((x * 0.5)(1)), double>);
static_assert(std::is_same_v<decltype((prediction * target)(1.0f, 1.0)), double>);

// Derivatives.
static_assert(both_derivatives_hold(x + 3, {-2, 0, 1.5}));
static_assert(both_derivatives_hold(4 - x, {-2, 0, 1.5}));
static_assert(both_derivatives_hold(x * (x - 2), {-2, 0, 1.5}));
static_assert(both_derivatives_hold((x + 1) / (x * x + 1), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(1 / x, {-2, 0.5, 1.5}));
static_assert(both_derivatives_hold(-x * x, {-2, 0, 1.5}));
static_assert(both_derivatives_hold(abs(x), {-2, -0.5, 1.5}));
static_assert(both_derivatives_hold(sign(x), {-2, 1.5}));
static_assert(both_derivatives_hold(exp(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(expm1(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(log(x), {0.5, 1, 7}));
static_assert(both_derivatives_hold(sqrt(x), {0.5, 1, 7}));
static_assert(both_derivatives_hold(tanh(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(sigmoid(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(erf(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(softplus(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(sin(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(cos(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(square(x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(pow(x, 3), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(pow(x, -2), {-2, 0.5, 1.5}));
static_assert(both_derivatives_hold(pow(x, 2.5), {0.5, 1, 1.5}));
static_assert(both_derivatives_hold(pow(2, x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(pow(x, x), {0.5, 1, 1.5}));
static_assert(both_derivatives_hold(max(x, x* x), {-2, 0.5, 1.5}));
static_assert(both_derivatives_hold(min(x, x* x), {-2, 0.5, 1.5}));
static_assert(both_derivatives_hold(select(x > 0, x* x, exp(x)), {-2, -0.5, 1.5}));
static_assert(both_derivatives_hold(clamp(x * x, 0.5, 2), {-2, 0.25, 1}));
static_assert(both_derivatives_hold(x * sigmoid(1.7 * x), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(x * tanh(softplus(x)), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(0.5 * x * (1 + erf(x / 1.4142135623730951)), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))),
                                    {-2, 0, 1.5}));
static_assert(both_derivatives_hold(exp(-x * x) * sin(3 * x) / (2 + cos(x)), {-2, 0, 1.5}));
static_assert(both_derivatives_hold(log(1 + exp(x * x)) * tanh(x), {-2, 0, 1.5}));

// What stops a gradient, and what borrows one.
static_assert(gradient(stop_gradient(x * x) * x)(3.0) == 9);
static_assert(gradient(straight_through(sign(x), x* x))(3.0) == 6);
static_assert(gradient(x > 0)(3.0) == 0);
static_assert(gradient(max(x, 0))(0.0) == 0);
static_assert(gradient(clamp(x, 0, 6))(0.0) == 1 && gradient(clamp(x, 0, 6))(6.0) == 1);

// Derivatives of derivatives.
static_assert(gradient(x * x * x)(2.0) == 12);
static_assert(gradient(gradient(x * x * x))(2.0) == 12);
static_assert(gradient(gradient(gradient(x * x * x)))(2.0) == 6);
static_assert(gradient(gradient(gradient(gradient(x * x * x))))(2.0) == 0);

// Forms. `y` is the formula's own value, which backward has at hand.
static_assert(derivative_form<tanh(x)> == form<1 - y * y>);
static_assert(derivative_form<sigmoid(x)> == form<y*(1 - y)>);
static_assert(derivative_form<exp(x)> == form<y>);
static_assert(derivative_form<sqrt(x)> == form<0.5 / y>);
static_assert(derivative_form<1 / x> == form<-(y / x)>);
static_assert(derivative_form<max(x, 0)> == form<select(y > 0, 1, 0)>);
static_assert(derivative_form<x * x * x> == form<3 * x * x>);
static_assert(derivative_form<pow(x, 5)> == form<5 * pow(x, 4)>);
static_assert(derivative_form<x> == form<1 + 0 * x>);
static_assert(derivative_form<exp(-x* x)> == form<-2 * x * y>);
static_assert(derivative_form<softplus(x)> == form<sigmoid(x)>);
static_assert(derivative_form<x * sigmoid(x)> == form<sigmoid(x) + y*(1 - sigmoid(x))>);
static_assert(derivative_form<x / (1 + abs(x))> == form<(1 - y * sign(x)) / (1 + abs(x))>);
static_assert(derivative_form<select(x > 0, x, 0.1 * x)> == form<select(x > 0, 1, 0.1)>);
static_assert(derivative_form<gradient(x* x* x)> == form<6 * x>);
static_assert(derivative_form<gradient(tanh(x))> == form<-2 * tanh(x) * y>);
static_assert(derivative_form<gradient(sin(x))> == form<-sin(x)>);
static_assert(derivative_form<tanh(x)> != form<1 - y>);
static_assert(derivative_form<tanh(x)> != form<1 - x * x>);

// The simplifier.
static_assert(same_form<x + 0, x>() && same_form<0 + x, x>() && same_form<x - 0, x>());
static_assert(same_form<x * 1, x>() && same_form<1 * x, x>() && same_form<x / 1, x>());
static_assert(same_form<x * 0 + 3, 3 + 0 * x>() && same_form<x - x + exp(x), exp(x)>());
static_assert(same_form<x / x + x, 1 + x>());
static_assert(same_form<- -x, x>() && same_form<-(2 - x), x - 2>());
static_assert(same_form<x * 2 * x * 3, 6 * x * x>());
static_assert(same_form<x + x + x, 3 * x>() && same_form<5 * x - 2 * x, 3 * x>());
static_assert(same_form<x * exp(x) + x, x*(1 + exp(x))>());
static_assert(same_form<x * x * exp(x) - 2 * exp(x) * x, exp(x) * x*(x - 2)>());
static_assert(same_form<x * x * x / (x * x), x>() && same_form<(x * exp(x)) / exp(x), x>());
static_assert(same_form<x / (1 / exp(x)), x * exp(x)>());
static_assert(same_form<sin(x) + cos(x), cos(x) + sin(x)>() && same_form<sin(x) * cos(x), cos(x) * sin(x)>());
static_assert(same_form<select(x > 0, x, x), x>());
static_assert(same_form<pow(x, 2), x * x>() && same_form<pow(x, 0.5), sqrt(x)>() && same_form<pow(x, -1), 1 / x>());
static_assert(same_form<sum(2 * x), 2 * sum(x)>() && same_form<sum(x* mean(x)), sum(x) * mean(x)>());
static_assert(same_form<param<"a"> * x, x * param<"other">>());
static_assert(!same_form<x + 1, x>() && !same_form<sin(x), cos(x)>() && !same_form<x / exp(x), exp(x) / x>());

// Formulas with numbers that are known only when the program runs work in the same way.
constexpr double at_run_time(double scale, double p) { return gradient(exp(scale * x) + scale)(p); }
static_assert(near(at_run_time(0.5, 1.0), 0.5 * 1.64872127070012815, 1e-15));

}  // namespace
