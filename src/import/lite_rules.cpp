#include "lite_rules.hpp"

#include <algorithm>
#include <cmath>

#include <tenon/error.hpp>
#include <tenon/kernels/fixed_point.hpp>

#include "passes/kinds.hpp"

namespace tenon::importing {

namespace {

namespace fixed = kernels::fixed_point;

constexpr int least_16 = -32768, most_16 = 32767;

int in_16_bits(std::int64_t v) { return static_cast<int>(std::clamp<std::int64_t>(v, least_16, most_16)); }

/// a b / 2^15, cut. Only (-1)^2 does not fit.
int cut_product(int a, int b) { return a == least_16 && b == least_16 ? most_16 : a * b / (1 << 15); }

/// A multiplier of 15 bits and a power of two, by way of one of 31 bits.
struct ShortMultiplier {
  int multiplier = 0, exponent = 0;

  explicit ShortMultiplier(float real) {
    const double fraction = std::frexp(static_cast<double>(real), &exponent);
    std::int64_t whole = std::llround(std::ldexp(fraction, 31));
    if (whole == std::int64_t{1} << 31) whole /= 2, ++exponent;
    if (exponent < -31) whole = 0, exponent = 0;
    multiplier = in_16_bits((whole + (1 << 15)) >> 16);
  }
};

std::int8_t& place(IntegerTable& table, int q) { return table[static_cast<std::uint8_t>(q + 128)]; }

/// x relu6(x + 3) / 6. x is taken 7 bits up; min(max(x / 3, -1), 1) follows with 15 bits behind the point, saturating.
IntegerTable hard_swish(IntegerScale in, IntegerScale out) {
  const float fine = in.scale / 128;
  const ShortMultiplier to_output(fine / out.scale), to_thirds(fine / (3.0F / 32768));
  if (to_output.exponent > 0)
    throw Error("HardSwish: LiteRT has none whose output has more than 128 steps for one of its input");
  IntegerTable table{};
  for (int q = -128; q <= 127; ++q) {
    const int x = in_16_bits((q - in.zero) * 128), value = fixed::product(x, to_output.multiplier);
    int third = x;
    if (to_thirds.exponent > 0) third = in_16_bits(std::int64_t{third} << std::min(to_thirds.exponent - 1, 31));
    third = fixed::product(third, to_thirds.multiplier);
    if (to_thirds.exponent > 0) third = in_16_bits(2 * third);
    else third = to_thirds.exponent < -15 ? 0 : fixed::divided(third, -to_thirds.exponent);
    const int share = (third + 32768) >> 1, product = cut_product(share, value);
    const int y = to_output.exponent < -15 ? 0 : fixed::divided(product, -to_output.exponent);
    place(table, q) = static_cast<std::int8_t>(std::clamp(y + out.zero, -128, 127));
  }
  return table;
}

float in_float(const std::string& op, float x) {
  if (op == "Sigmoid") return 1 / (1 + std::exp(-x));
  if (op == "Tanh") return std::tanh(x);
  if (op == "Exp") return std::exp(x);
  return x < 0 ? std::expm1(x) : x;
}

}  // namespace

Multiplier::Multiplier(double real, Rounding rounding) : twice_(rounding == Rounding::twice) {
  if (!(std::abs(real) < 0x1p30)) throw Error("scales of integers lie more than 2^30 apart");
  const double fraction = std::frexp(real, &exponent_);
  multiplier_ = std::llround(std::ldexp(fraction, 31));
  if (multiplier_ == std::int64_t{1} << 31) multiplier_ /= 2, ++exponent_;
  if (exponent_ < -31) multiplier_ = 0, exponent_ = 0;
}

double Multiplier::operator()(double sum) const { return twice_ ? twice(sum) : once(sum); }

double Multiplier::once(double sum) const {
  const int shift = 31 - exponent_;
  const auto product = static_cast<std::int64_t>(sum) * multiplier_;
  return static_cast<double>((product + (std::int64_t{1} << (shift - 1))) >> shift);
}

double Multiplier::twice(double sum) const {
  return static_cast<double>(kernels::fixed_point::scaled_twice(static_cast<std::int32_t>(sum),
                                                                static_cast<std::int32_t>(multiplier_), exponent_));
}

HalfMultiplier::HalfMultiplier(double real) : Multiplier(real) {
  multiplier_ = multiplier_ < 0x7FFF0000 ? (multiplier_ + (1 << 15)) >> 16 : 0x7FFF;
  exponent_ += 16;
}

MeanMultiplier::MeanMultiplier(double scale, double result, std::int64_t count, Rounding rounding)
    : Multiplier(scale / result, rounding) {
  const int shift = std::min({std::ilogb(static_cast<double>(count)), 32, 31 + exponent_});
  multiplier_ = (multiplier_ << shift) / count;
  exponent_ -= shift;
}

SumMultipliers::SumMultipliers(double a, double b, double result, Rounding rounding, int spare)
    : up_(std::ldexp(1, spare)),
      a_(a / (2 * std::max(a, b)), rounding),
      b_(b / (2 * std::max(a, b)), rounding),
      all_(2 * std::max(a, b) / (up_ * result), rounding) {}

double SumMultipliers::operator()(double x, double y, bool less) const {
  const double second = b_(y * up_);
  return all_(a_(x * up_) + (less ? -second : second));
}

SlopeMultipliers::SlopeMultipliers(double in, double slope, double result, Rounding rounding)
    : above_(in / result, rounding), below_(in * slope / result, rounding) {}

bool is_lite_function(const std::string& op) {
  return is_any_of(op, {"HardSwish", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Exp"});
}

IntegerTable lite_table(const std::string& op, double alpha, IntegerScale in, IntegerScale out, Rounding rounding) {
  if (op == "HardSwish") return hard_swish(in, out);
  IntegerTable table{};
  const Multiplier above(static_cast<double>(in.scale / out.scale), rounding),
      below(static_cast<double>(in.scale * static_cast<float>(alpha) / out.scale), rounding);
  const float steps = 1 / out.scale;
  for (int q = -128; q <= 127; ++q) {
    const int x = q - in.zero;
    const double y = op == "LeakyRelu"
                         ? (x < 0 ? below : above)(x)
                         : static_cast<double>(std::round(in_float(op, in.scale * static_cast<float>(x)) * steps));
    place(table, q) = static_cast<std::int8_t>(std::clamp(y + static_cast<double>(out.zero), -128.0, 127.0));
  }
  return table;
}

IntegerTable lite_table(const IntegerOperand& operand, IntegerScale in, IntegerScale out, Rounding rounding) {
  IntegerTable table{};
  const auto of_in = static_cast<double>(in.scale), own = static_cast<double>(operand.scale),
             of_out = static_cast<double>(out.scale);
  const bool less = operand.op == "Sub";
  const Multiplier product(of_in * own / of_out, rounding);
  const SumMultipliers sum = operand.first ? SumMultipliers(own, of_in, of_out, rounding)
                                           : SumMultipliers(of_in, own, of_out, rounding);
  for (int q = -128; q <= 127; ++q) {
    const double x = q - in.zero, y = operand.op == "Mul" ? product(x * operand.q)
                                      : operand.first     ? sum(operand.q, x, less)
                                                          : sum(x, operand.q, less);
    place(table, q) = static_cast<std::int8_t>(std::clamp(y + static_cast<double>(out.zero), -128.0, 127.0));
  }
  return table;
}

}  // namespace tenon::importing
