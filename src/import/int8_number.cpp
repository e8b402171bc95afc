#include "int8_number.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <tenon/kernels/int16_elementwise.hpp>

#include "operators/call.hpp"

namespace tenon::importing {

Array with(const Array& like, std::vector<double> values) { return {Type::float32, like.dims, std::move(values)}; }

Array in_real(const Number& n) {
  Array y = n.numbers;
  y.type = Type::float32;
  switch (n.kind) {
  case Number::real:
    return n.numbers;
  case Number::stored:
  case Number::function:
    return n.numbers;
  case Number::exact:
  case Number::mean:
    if (!n.along.empty()) {
      const Dims strides = strides_of(y.dims);
      const auto stride = static_cast<std::size_t>(strides[n.axis]), size = n.along.size();
      for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] *= n.along[i / stride % size];
    } else {
      for (double& v : y.values) v *= n.scale;
    }
    break;
  case Number::sums:
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] *= n.scales.values[i];
    break;
  case Number::two: {
    const Array a = in_real(*n.first), b = in_real(*n.second);
    y = a;
    for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] += n.less ? -b.values[i] : b.values[i];
    break;
  }
  case Number::slopes: {
    const Array a = in_real(*n.first), b = in_real(*n.second);
    y = a;
    for (std::size_t i = 0; i < y.values.size(); ++i)
      if (y.values[i] < 0) y.values[i] *= b.values[i];
    break;
  }
  case Number::softmax: {
    const auto width = static_cast<std::size_t>(y.dims.back());
    for (std::size_t from = 0; from < y.values.size(); from += width) {
      const auto begin = y.values.begin() + static_cast<std::ptrdiff_t>(from), end = begin + y.dims.back();
      const double largest = *std::max_element(begin, end);
      double sum = 0;
      std::for_each(begin, end, [&](double& v) { sum += v = std::exp((v - largest) * n.scale); });
      std::for_each(begin, end, [&](double& v) { v /= sum; });
    }
    break;
  }
  }
  for (double& v : y.values) v = std::clamp(v, n.low, n.high);
  return y;
}

/// LiteRT's: e^(-s d) from a table of floats, times 256 over their sum, halves away from zero.
void softmax_bytes(const Number& n, std::vector<double>& q) {
  const auto width = static_cast<std::size_t>(n.numbers.dims.back());
  const auto scale = static_cast<float>(n.scale);
  const auto power = [&](double distance) {
    return static_cast<float>(std::exp(static_cast<double>(-scale * static_cast<float>(distance))));
  };
  q.resize(n.numbers.values.size());
  for (std::size_t from = 0; from < q.size(); from += width) {
    const double* x = n.numbers.values.data() + from;
    const double largest = *std::max_element(x, x + width);
    float sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += power(largest - x[i]);
    const float factor = 1.0F / (sum * (1.0F / 256));
    for (std::size_t i = 0; i < width; ++i)
      q[from + i] = std::clamp(static_cast<double>(std::round(power(largest - x[i]) * factor)) - 128, -128.0, 127.0);
  }
}

Adder::Adder(double a, double b, double result, Rounding rounding, int spare)
    : rounding_(rounding), whole_(a, b, result, rounding, spare) {
  const float first = static_cast<float>(a) / static_cast<float>(result),
              second = static_cast<float>(b) / static_cast<float>(result);
  shift_ = 20 - std::ilogb(std::max(first, second));
  first_ = std::llrint(std::ldexp(first, shift_));
  second_ = std::llrint(std::ldexp(second, shift_));
}

double Adder::operator()(double x, double y, bool less) const {
  if (rounding_ != Rounding::in_float) return whole_(x, y, less);
  const std::int64_t sum = first_ * static_cast<std::int64_t>(x) +
                           (less ? -second_ : second_) * static_cast<std::int64_t>(y);
  return static_cast<double>((sum + (std::int64_t{1} << (shift_ - 1))) >> shift_);
}

/// LiteRT's in 16 bits: e^-d and the inverse of their sum from tables, in 2^-15. What is more than 10 below the largest
/// counts as e^-10.
void softmax_words(const Number& n, Rounding rounding, std::vector<double>& q) {
  const auto width = static_cast<std::size_t>(n.numbers.dims.back());
  const Multiplier distance(n.scale / (10.0 / 65535), rounding);
  const auto whole = [](double v) { return static_cast<std::int32_t>(std::clamp(v, -32768.0, 32767.0)); };
  const auto at = [](const kernels::WideTable& table, std::int32_t x) { return kernels::looked_up(table.data(), x); };
  const kernels::SoftmaxTables& tables = kernels::softmax_tables;
  q.resize(n.numbers.values.size());
  for (std::size_t from = 0; from < q.size(); from += width) {
    const double* x = n.numbers.values.data() + from;
    const double largest = *std::max_element(x, x + width);
    std::int32_t sum = 0;
    std::vector<std::int32_t> power(width);
    for (std::size_t i = 0; i < width; ++i)
      sum += power[i] = at(tables.exponential, whole(distance(x[i] - largest) + 32767));
    const int empty = std::countl_zero(static_cast<std::uint32_t>(sum)), down = 31 - empty;
    const std::int64_t mantissa = ((std::int64_t{sum} << (empty - 1)) + (1 << 13)) >> 14;  // in 2^-16, from 1 to 2
    const std::int64_t factor = at(tables.reciprocal, whole(static_cast<double>(mantissa - (1 << 15) - (1 << 16))));
    for (std::size_t i = 0; i < width; ++i)
      q[from + i] = std::min(static_cast<double>((power[i] * factor + (1 << (down - 1))) >> down), 32767.0);
  }
}

}  // namespace tenon::importing
