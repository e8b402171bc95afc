#include "int8_rounding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include <tenon/kernels/int16_elementwise.hpp>

#include "operators/call.hpp"

namespace tenon::importing {

namespace {

/// q[i] = f(i)
void each(std::vector<double>& q, auto f) {
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = f(i);
}

double product_in_float(double sum, float factor) {
  return static_cast<double>(std::nearbyint(static_cast<float>(sum) * factor));
}

}  // namespace

std::optional<Array> Rounder::operator()(const Number& x) const {
  if (x.kind == Number::real || x.kind == Number::stored || !x.along.empty()) return {};
  Array y{type_, x.numbers.dims, Numbers(x.numbers.values.size())};
  if (!round(x, y.values)) return {};
  bound(x, y.values);
  return y;
}

bool Rounder::round(const Number& x, Numbers& q) const {
  switch (x.kind) {
  case Number::real:
  case Number::stored:
    return false;
  case Number::exact:
    exact(x, q);
    return true;
  case Number::sums:
    if (wide_) wide_sums(x, q);
    else sums(x, q);
    return true;
  case Number::mean:
    return mean(x, q);
  case Number::two: {
    const Adder sum(x.first->scale, x.second->scale, scale_, rounding_, wide_ ? 15 : 20);
    each(q,
         [&](std::size_t i) { return sum(x.first->numbers.values[i], x.second->numbers.values[i], x.less) + zero_; });
    return true;
  }
  case Number::slopes: {
    const SlopeMultipliers slope(x.first->scale, x.second->scale, scale_, rounding_);
    each(q, [&](std::size_t i) { return slope(x.first->numbers.values[i], x.second->numbers.values[i]) + zero_; });
    return true;
  }
  case Number::softmax:
    return softmax(x, q);
  case Number::function:
    function(x, q);
    return true;
  }
  return false;
}

void Rounder::exact(const Number& x, Numbers& q) const {
  const Numbers& v = x.numbers.values;
  if (x.scale == scale_) return each(q, [&](std::size_t i) { return v[i] + zero_; });
  const Multiplier m(x.scale / scale_, rounding_);
  each(q, [&](std::size_t i) { return m(v[i]) + zero_; });
}

void Rounder::sums(const Number& x, Numbers& q) const {
  double last = 0;
  Multiplier m(1);
  each(q, [&](std::size_t i) {
    const double s = x.scales.values[i], sum = x.numbers.values[i];
    if (rounding_ == Rounding::in_float)
      return product_in_float(sum, static_cast<float>(s) / static_cast<float>(scale_)) + zero_;
    if (s != last) m = Multiplier((last = s) / scale_, rounding_);
    return m(sum) + zero_;
  });
}

void Rounder::wide_sums(const Number& x, Numbers& q) const {
  const Numbers& v = x.numbers.values;
  if (x.factor > 0) {
    const Multiplier m(static_cast<double>(x.factor / static_cast<float>(scale_)), rounding_);
    return each(q, [&](std::size_t i) { return m(v[i]); });
  }
  double last = 0;
  Multiplier m(1);
  each(q, [&](std::size_t i) {
    const double s = x.scales.values[i];
    if (s != last) m = x.whole ? Multiplier(s / scale_) : HalfMultiplier(s / scale_);
    last = s;
    return m.once(v[i]);
  });
}

void Rounder::function(const Number& x, Numbers& q) const {
  const Numbers& v = x.numbers.values;
  if (wide_) {
    std::array<std::int16_t, kernels::Squash::size> table{};
    kernels::Squash::fill(table.data(), static_cast<float>(x.scale));
    const auto of = x.op == "Tanh" ? kernels::Squash::of<true> : kernels::Squash::of<false>;
    return each(q,
                [&](std::size_t i) { return static_cast<double>(of(table.data(), static_cast<std::int32_t>(v[i]))); });
  }
  const auto of_file = [](double scale, double zero) {
    return IntegerScale{static_cast<float>(scale), static_cast<int>(zero)};
  };
  const IntegerTable table = lite_table(x.op, x.alpha, of_file(x.scale, x.zero), of_file(scale_, zero_), rounding_);
  each(q, [&](std::size_t i) { return static_cast<double>(table[static_cast<std::size_t>(v[i] + x.zero + 128)]); });
}

bool Rounder::mean(const Number& x, Numbers& q) const {
  const Numbers& v = x.numbers.values;
  if (x.lite) {
    lite_mean(x, q);
  } else if (x.scale == scale_) {
    // a mean of integers is half an integer exactly or by far
    each(q, [&](std::size_t i) {
      const double twice = 2 * (v[i] + x.about), nearest = std::round(twice);
      return std::round((std::abs(twice - nearest) < 1e-7 ? nearest : twice) / 2) - x.about + zero_;
    });
  } else if (x.count > 0) {
    const Multiplier m(x.scale * (1 / x.count) / scale_, rounding_);
    each(q, [&](std::size_t i) { return m(std::round(v[i] * x.count)) + zero_; });
  } else {
    return false;
  }
  return true;
}

void Rounder::lite_mean(const Number& x, Numbers& q) const {
  const MeanMultiplier m(x.scale, scale_, static_cast<std::int64_t>(x.count), rounding_);
  const float factor = static_cast<float>(x.scale) / (static_cast<float>(scale_) * static_cast<float>(x.count));
  each(q, [&](std::size_t i) {
    const double sum = std::round(x.numbers.values[i] * x.count);
    return (rounding_ == Rounding::in_float ? product_in_float(sum, factor) : m(sum)) + zero_;
  });
}

bool Rounder::softmax(const Number& x, Numbers& q) const {
  if (wide_ && scale_ == 0x1p-15 && zero_ == 0) {
    softmax_words(x, rounding_, q);
    return true;
  }
  const auto [least, most] = limits(type_);
  if (scale_ != 1.0 / 256 || zero_ != least || most - least != 255) return false;
  softmax_bytes(x, q);
  for (double& value : q) value += zero_ + 128;
  return true;
}

/// The type has bounds, and what stood between may have others.
void Rounder::bound(const Number& x, Numbers& q) const {
  const auto [least, most] = limits(type_);
  const auto at = [&](double limit, double otherwise) {
    if (std::isinf(limit)) return otherwise;
    return zero_ + std::round(static_cast<double>(static_cast<float>(limit) / static_cast<float>(scale_)));
  };
  const double low = std::max(least, at(x.low, least)), high = std::min(most, at(x.high, most));
  for (double& value : q) value = std::min(std::max(value, low), high);
}

}  // namespace tenon::importing
