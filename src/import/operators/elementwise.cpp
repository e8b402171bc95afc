#include <algorithm>
#include <cmath>
#include <limits>

#include "call.hpp"

/// Operators that treat every number by itself, with inputs broadcast against each other.
namespace tenon::importing {

namespace {

template <class F>
Definition unary(F f, std::optional<Type> type = {}) {
  return [=](const Call& call) {
    const Array& x = call.input(0);
    Array y = call.make(type.value_or(x.type), x.dims);
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] = f(x.values[i]);
    return std::vector{y};
  };
}

template <class F>
Array combine(const Call& call, const Array& a, const Array& b, Type type, F f) {
  Array y = call.make(type, broadcast(call, a.dims, b.dims));
  if (y.values.empty()) return y;
  const std::array strides{broadcast_strides(a.dims, y.dims), broadcast_strides(b.dims, y.dims)};
  auto next = y.values.begin();
  walk<2>(y.dims, strides, {0, 0}, [&](const auto& at) { *next++ = f(element(a, at[0]), element(b, at[1])); });
  return y;
}

template <class F>
Definition binary(F f, std::optional<Type> type = {}) {
  return [=](const Call& call) {
    return std::vector{combine(call, call.input(0), call.input(1), type.value_or(call.input(0).type), f)};
  };
}

template <class F>
Definition comparison(F f) {
  return binary(f, Type::boolean);
}

/// f over any number of inputs, one after the other.
template <class F>
Definition fold(F f) {
  return [=](const Call& call) {
    Array y = call.input(0);
    for (std::size_t i = 1; i < call.inputs.size(); ++i) y = combine(call, y, call.input(i), y.type, f);
    return std::vector{y};
  };
}

std::vector<Array> mean(const Call& call) {
  std::vector<Array> y = fold([](double a, double b) { return a + b; })(call);
  for (double& value : y[0].values) value /= static_cast<double>(call.inputs.size());
  return y;
}

/// Integers are divided towards zero; ONNX does not define division by zero, which gives 0 here.
std::vector<Array> divide(const Call& call) {
  if (!is_integer(call.input(0).type)) return binary([](double a, double b) { return a / b; })(call);
  return binary([](double a, double b) { return b == 0 ? 0 : std::trunc(a / b); })(call);
}

/// The sign is the divisor's, with fmod = 1 the dividend's.
std::vector<Array> modulo(const Call& call) {
  if (call.node.integer("fmod", 0) != 0) return binary([](double a, double b) { return std::fmod(a, b); })(call);
  return binary([](double a, double b) {
    const double rest = std::fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  })(call);
}

std::vector<Array> where(const Call& call) {
  const Array &condition = call.input(0), &a = call.input(1), &b = call.input(2);
  Array y = call.make(a.type, broadcast(call, condition.dims, broadcast(call, a.dims, b.dims)));
  if (y.values.empty()) return {y};
  const std::array strides{broadcast_strides(condition.dims, y.dims), broadcast_strides(a.dims, y.dims),
                           broadcast_strides(b.dims, y.dims)};
  auto next = y.values.begin();
  walk<3>(y.dims, strides, {0, 0, 0},
          [&](const auto& at) { *next++ = element(condition, at[0]) != 0 ? element(a, at[1]) : element(b, at[2]); });
  return {y};
}

/// min(high, max(low, x)); the limits were attributes before opset 11.
std::vector<Array> clip(const Call& call) {
  const Array& x = call.input(0);
  Array y = call.make(x.type, x.dims);
  if (y.values.empty()) return {y};
  constexpr double endless = std::numeric_limits<double>::infinity();
  const double low = call.has(1) ? call.scalar(1) : call.node.number("min", -endless);
  const double high = call.has(2) ? call.scalar(2) : call.node.number("max", endless);
  for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] = std::min(high, std::max(low, x.values[i]));
  return {y};
}

Array cast_to(const Call& call, Type type) {
  const Array& x = call.input(0);
  call.require(x.type != Type::string && type != Type::string, "texts are not supported");
  Array y = call.make(type, x.dims);
  for (std::size_t i = 0; i < y.values.size(); ++i)
    y.values[i] = type == Type::float32 ? static_cast<double>(static_cast<float>(x.values[i])) : x.values[i];
  return y;
}

std::vector<Array> cast(const Call& call) { return {cast_to(call, onnx_type(call, call.node.integer("to", 0)))}; }

std::vector<Array> cast_like(const Call& call) {
  const Array& x = call.input(0);
  const std::vector<const Array*> alone{&x};
  return {cast_to(Call{call.node, call.opset, alone}, call.input(1).type)};
}

std::vector<Array> is_infinite(const Call& call) {
  const bool below = call.node.integer("detect_negative", 1) != 0, above = call.node.integer("detect_positive", 1) != 0;
  return unary([=](double x) { return std::isinf(x) && (x < 0 ? below : above) ? 1.0 : 0.0; }, Type::boolean)(call);
}

double truth(bool holds) { return holds ? 1 : 0; }

/// NaN wins, as in NumPy.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }

}  // namespace

Table elementwise_operators() {
  return {
      {"Abs", unary([](double x) { return std::abs(x); })},
      {"Neg", unary([](double x) { return -x; })},
      {"Ceil", unary([](double x) { return std::ceil(x); })},
      {"Floor", unary([](double x) { return std::floor(x); })},
      {"Round", unary([](double x) { return std::nearbyint(x); })},  // ties to even
      {"Sign", unary([](double x) { return x > 0   ? 1.0
                                           : x < 0 ? -1.0
                                                   : x; })},
      {"Exp", unary([](double x) { return std::exp(x); })},
      {"Log", unary([](double x) { return std::log(x); })},
      {"Sqrt", unary([](double x) { return std::sqrt(x); })},
      {"Reciprocal", unary([](double x) { return 1 / x; })},
      {"Erf", unary([](double x) { return std::erf(x); })},
      {"Sin", unary([](double x) { return std::sin(x); })},
      {"Cos", unary([](double x) { return std::cos(x); })},
      {"Tan", unary([](double x) { return std::tan(x); })},
      {"Asin", unary([](double x) { return std::asin(x); })},
      {"Acos", unary([](double x) { return std::acos(x); })},
      {"Atan", unary([](double x) { return std::atan(x); })},
      {"Sinh", unary([](double x) { return std::sinh(x); })},
      {"Cosh", unary([](double x) { return std::cosh(x); })},
      {"Asinh", unary([](double x) { return std::asinh(x); })},
      {"Acosh", unary([](double x) { return std::acosh(x); })},
      {"Atanh", unary([](double x) { return std::atanh(x); })},
      {"Not", unary([](double x) { return truth(x == 0); })},
      {"IsNaN", unary([](double x) { return truth(std::isnan(x)); }, Type::boolean)},
      {"IsInf", is_infinite},
      {"Add", binary([](double a, double b) { return a + b; })},
      {"Sub", binary([](double a, double b) { return a - b; })},
      {"Mul", binary([](double a, double b) { return a * b; })},
      {"Div", divide},
      {"Mod", modulo},
      {"Pow", binary([](double a, double b) { return std::pow(a, b); })},
      {"Equal", comparison([](double a, double b) { return truth(a == b); })},
      {"Greater", comparison([](double a, double b) { return truth(a > b); })},
      {"Less", comparison([](double a, double b) { return truth(a < b); })},
      {"GreaterOrEqual", comparison([](double a, double b) { return truth(a >= b); })},
      {"LessOrEqual", comparison([](double a, double b) { return truth(a <= b); })},
      {"And", comparison([](double a, double b) { return truth(a != 0 && b != 0); })},
      {"Or", comparison([](double a, double b) { return truth(a != 0 || b != 0); })},
      {"Xor", comparison([](double a, double b) { return truth((a != 0) != (b != 0)); })},
      {"Sum", fold([](double a, double b) { return a + b; })},
      {"Max", fold(larger)},
      {"Min", fold(smaller)},
      {"Mean", mean},
      {"Where", where},
      {"Clip", clip},
      {"Cast", cast},
      {"CastLike", cast_like},
  };
}

}  // namespace tenon::importing
