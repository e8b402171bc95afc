#pragma once

#include <array>
#include <cstdint>
#include <string>

/// How LiteRT computes in integers where it is not clear from the operator: multipliers, means, functions of one
/// number.
namespace tenon::importing {

/// LiteRT has several kernels, which round sums differently. XNNPACK adds with multipliers of 21
/// bits.
enum class Rounding {
  once,      // a multiplier of 31 bits, halves up: LiteRT's with TFLITE_SINGLE_ROUNDING, and Tenon's
  in_float,  // XNNPACK's, to which LiteRT may hand a network: the sum as a float times a float, halves to even
  twice      // LiteRT's own kernels and TensorFlow Lite Micro's, without TFLITE_SINGLE_ROUNDING
};

/// x m, where m is a multiplier of 31 bits and a power of two: rounded once, halves up, or twice.
class Multiplier {
public:
  explicit Multiplier(double real, Rounding rounding = Rounding::once);
  double operator()(double sum) const;
  /// Rounded twice: to the upper 32 bits of the doubled product with halves up, then by the shift with halves away from
  /// zero.
  double twice(double sum) const;

  /// Rounded once, whatever rounding the constructor was given.
  double once(double sum) const;

protected:
  int exponent_ = 0;
  std::int64_t multiplier_ = 0;
  bool twice_ = false;
};

/// A multiplier of 15 bits: where activations have 16 bits and biases 64, sums are of 64 bits and meet the upper half
/// of the usual multiplier. They are rounded once, however LiteRT is built.
class HalfMultiplier : public Multiplier {
public:
  explicit HalfMultiplier(double real);
};

/// MEAN: the sum of `count` integers less their zero points becomes a mean at another scale. The multiplier is divided
/// by the count in integers, and cut. (LiteRT since 2.11 and TensorFlow Lite Micro; before, they had four other rules.)
class MeanMultiplier : public Multiplier {
public:
  MeanMultiplier(double scale, double result, std::int64_t count, Rounding rounding = Rounding::once);
};

/// x + y, or x - y: both are brought to twice the larger scale with bits to spare, 20 for int8 and 15 for int16, added,
/// and brought to the result's.
class SumMultipliers {
public:
  SumMultipliers(double a, double b, double result, Rounding rounding = Rounding::once, int spare = 20);
  double operator()(double x, double y, bool less) const;

private:
  double up_;
  Multiplier a_, b_, all_;
};

/// PRELU: numbers below 0 meet the slope as an integer, and are rounded once.
class SlopeMultipliers {
public:
  SlopeMultipliers(double in, double slope, double result, Rounding rounding = Rounding::once);
  double operator()(double x, double slope) const { return x >= 0 ? above_(x) : below_(x * slope); }

private:
  Multiplier above_, below_;
};

/// real = scale * (q - zero)
struct IntegerScale {
  float scale = 0;
  int zero = 0;
};

/// A constant that meets every number: q is its integer, less its zero point.
struct IntegerOperand {
  std::string op{};  // Add, Sub or Mul; "" where there is none
  double q = 0;
  float scale = 0;
  bool first = false;  // it stands on the left
};

/// What becomes of -128, -127, ... 127.
using IntegerTable = std::array<std::int8_t, 256>;

/// Whether LiteRT has the ONNX operator in int8 as a function of one number.
bool is_lite_function(const std::string& op);

/// The function as a table. HardSwish is computed with 16 bits by LiteRT, LeakyRelu with a multiplier on both sides of
/// 0, all others in float. An Error where LiteRT refuses the scales.
IntegerTable lite_table(const std::string& op, double alpha, IntegerScale in, IntegerScale out, Rounding rounding);

/// What becomes of a number that meets a constant.
IntegerTable lite_table(const IntegerOperand& operand, IntegerScale in, IntegerScale out, Rounding rounding);

}  // namespace tenon::importing
