#pragma once

#include <optional>
#include <vector>

#include "int8_number.hpp"

/// What QuantizeLinear makes of the values of a network of integers (interpret_int8.hpp), by LiteRT's rules.
namespace tenon::importing {

/// Rounds to integers of a type at a scale and a zero point.
class Rounder {
public:
  /// `wide`: activations have 16 bits, whose zero point is 0.
  Rounder(Type type, double scale, double zero, Rounding rounding, bool wide)
      : type_(type), scale_(scale), zero_(zero), rounding_(rounding), wide_(wide) {}

  /// None where LiteRT has no rule in integers: then the value is rounded as a real number.
  std::optional<Array> operator()(const Number& x) const;

private:
  using Numbers = std::vector<double>;
  bool round(const Number& x, Numbers& q) const;
  void exact(const Number& x, Numbers& q) const;
  void sums(const Number& x, Numbers& q) const;
  void wide_sums(const Number& x, Numbers& q) const;
  void function(const Number& x, Numbers& q) const;
  bool mean(const Number& x, Numbers& q) const;
  void lite_mean(const Number& x, Numbers& q) const;
  bool softmax(const Number& x, Numbers& q) const;
  void bound(const Number& x, Numbers& q) const;

  Type type_;
  double scale_, zero_;
  Rounding rounding_;
  bool wide_;
};

}  // namespace tenon::importing
