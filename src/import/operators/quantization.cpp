#include <algorithm>
#include <cmath>

#include "matrix.hpp"
#include "windows.hpp"

/// Integers that stand for numbers: x = scale (q - zero point).
namespace tenon::importing {

namespace {

double in_float(double x) { return static_cast<double>(static_cast<float>(x)); }

/// As division of floats gives it: that decides ties, which a difference in the last place turns to another integer.
double quotient(double a, double b) { return in_float(in_float(a) / in_float(b)); }

/// To the nearest integer, ties to the even one; what the type has not becomes its limit.
double saturated(Type type, double number) {
  const auto [least, most] = limits(type);
  return std::clamp(std::nearbyint(number), least, most);
}

/// The strides of scales or zero points along x: one number for all, or one for each place of an axis.
Dims quantization_strides(const Call& call, const Array& each, const Dims& dims, Index axis) {
  Dims strides(dims.size(), 0);
  if (each.dims.empty() || each.dims == Dims{1}) return strides;
  call.require(each.dims.size() == 1, "is quantised in blocks, which is not supported");
  const std::size_t a = call.axis(axis, dims.size());
  call.require(each.dims[0] == dims[a], "has {} scales or zero points for an axis of size {}", each.dims[0], dims[a]);
  strides[a] = 1;
  return strides;
}

/// y = f(x, scale, zero point), the last one 0 where there is none
template <class F>
Array quantize_with(const Call& call, Type type, F f) {
  const Array &x = call.input(0), &scale = call.input(1);
  const Array* zero = call.optional(2);
  call.require(call.node.integer("block_size", 0) == 0, "is quantised in blocks, which is not supported");
  const Index axis = call.node.integer("axis", 1);
  const Dims strides = quantization_strides(call, scale, x.dims, axis);
  const Dims zero_strides = zero != nullptr ? quantization_strides(call, *zero, x.dims, axis) : strides;
  Array y = call.make(type, x.dims);
  if (y.values.empty()) return y;
  std::size_t i = 0;
  walk<2>(x.dims, {strides, zero_strides}, {0, 0}, [&](const auto& at) {
    y.values[i] = f(x.values[i], element(scale, at[0]), zero != nullptr ? element(*zero, at[1]) : 0);
    ++i;
  });
  return y;
}

std::vector<Array> quantize_linear(const Call& call) {
  const Index output_type = call.node.integer("output_dtype", 0);
  const Type type = call.has(2) ? call.input(2).type : output_type != 0 ? onnx_type(call, output_type) : Type::uint8;
  call.require(is_integer(type), "gives numbers of type {}, which is not supported", type_name(type));
  return {quantize_with(call, type, [=](double x, double scale, double zero) {
    return saturated(type, std::nearbyint(quotient(x, scale)) + zero);
  })};
}

std::vector<Array> dequantize_linear(const Call& call) {
  const Index output_type = call.node.integer("output_dtype", 0);
  const Type type = output_type != 0 ? onnx_type(call, output_type) : call.input(1).type;
  return {quantize_with(call, type, [](double x, double scale, double zero) { return (x - zero) * scale; })};
}

/// Scale and zero point for uint8 from the smallest and the largest number, 0 among them.
std::vector<Array> dynamic_quantize_linear(const Call& call) {
  const Array& x = call.input(0);
  Array y = call.make(Type::uint8, x.dims), scale = call.make(Type::float32, {}), zero = call.make(Type::uint8, {});
  if (!call.known()) return {y, scale, zero};
  double least = 0, most = 0;
  for (const double value : x.values) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  const double step = quotient(most - least, 255);
  scale.values[0] = step;
  zero.values[0] = step == 0 ? 0 : saturated(Type::uint8, quotient(-least, step));
  for (std::size_t i = 0; i < y.values.size(); ++i)
    y.values[i] = saturated(Type::uint8,
                            (step == 0 ? 0 : std::nearbyint(quotient(x.values[i], step))) + zero.values[0]);
  return {y, scale, zero};
}

/// x less its zero point, which may be absent or one for each place of an axis.
Array without_zero(const Call& call, const Array& x, const Array* zero, Index axis) {
  Array y{Type::int32, x.dims, x.values};
  if (zero == nullptr) return y;
  const Dims strides = quantization_strides(call, *zero, x.dims, axis);
  if (y.values.empty() || zero->values.empty()) return y;
  auto next = y.values.begin();
  walk<1>(x.dims, {strides}, {0}, [&](const auto& at) { *next++ -= element(*zero, at[0]); });
  return y;
}

std::vector<Array> conv_integer(const Call& call) {
  const Array x = without_zero(call, call.input(0), call.optional(2), 1),
              w = without_zero(call, call.input(1), call.optional(3), 0);
  return {convolve(call, x, w, nullptr, Type::int32)};
}

/// Zero points may be those of the rows of the left matrix and of the columns of the right one.
std::vector<Array> matmul_integer(const Call& call) {
  const Array a = without_zero(call, call.input(0), call.optional(2), -2),
              b = without_zero(call, call.input(1), call.optional(3), -1);
  return {matrix_product(call, a, b, Type::int32)};
}

/// Sums of products to the result's scale: inputs 1 and 4 are the factors' scales, 6 and 7 are those of the result.
Array requantized(const Call& call, Array sums, Index axis_of_right) {
  const Array &left = call.input(1), &right = call.input(4), &zero = call.input(7);
  call.require(is_integer(zero.type) && count_of(left.dims) == 1 && count_of(call.input(6).dims) == 1 &&
                   count_of(zero.dims) == 1,
               "needs one scale and one zero point for its input and for its result");
  const Dims strides = quantization_strides(call, right, sums.dims, axis_of_right);
  sums.type = zero.type;
  if (sums.values.empty()) return sums;
  const double result_scale = call.input(6).values[0];
  auto next = sums.values.begin();
  walk<1>(sums.dims, {strides}, {0}, [&](const auto& at) {
    const double factor = quotient(left.values[0] * element(right, at[0]), result_scale);
    *next = saturated(zero.type, std::nearbyint(*next * factor) + zero.values[0]);
    ++next;
  });
  return sums;
}

std::vector<Array> qlinear_conv(const Call& call) {
  const Array x = without_zero(call, call.input(0), &call.input(2), 1),
              w = without_zero(call, call.input(3), &call.input(5), 0);
  return {requantized(call, convolve(call, x, w, call.optional(8), Type::int32), 1)};
}

std::vector<Array> qlinear_matmul(const Call& call) {
  const Array a = without_zero(call, call.input(0), &call.input(2), -2),
              b = without_zero(call, call.input(3), &call.input(5), -1);
  return {requantized(call, matrix_product(call, a, b, Type::int32), -1)};
}

}  // namespace

Table quantization_operators() {
  return {{"QuantizeLinear", quantize_linear},
          {"DequantizeLinear", dequantize_linear},
          {"DynamicQuantizeLinear", dynamic_quantize_linear},
          {"ConvInteger", conv_integer},
          {"MatMulInteger", matmul_integer},
          {"QLinearConv", qlinear_conv},
          {"QLinearMatMul", qlinear_matmul}};
}

}  // namespace tenon::importing
