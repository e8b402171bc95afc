#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "graph.hpp"
#include "lite_rules.hpp"

/// What values of a network of integers are between a DequantizeLinear and a QuantizeLinear (interpret_int8.hpp).
namespace tenon::importing {

inline constexpr double unbounded = std::numeric_limits<double>::infinity();

/// One value on its way.
struct Number {
  enum Kind {
    real,     // numbers as they are
    stored,   // integers as the file has them
    exact,    // scale * number, the numbers being integers less their zero point
    sums,     // scales * number, a scale for each
    mean,     // scale * number, the mean of integers less `about`
    two,      // a sum of two exact ones, or a difference
    slopes,   // the first of two, where it is below 0 times the second
    softmax,  // what `numbers` are is the exact input
    function  // the same; `op` says of what
  };
  Kind kind = real;
  Array numbers;
  Array scales{};               // of sums
  double scale = 1;             // of exact and mean
  double zero = 0;              // of exact: the zero point that has been taken off
  double about = 0;             // of mean
  double count = 0;             // of mean: how many integers; 0 where windows differ
  std::vector<double> along{};  // scales of constants that have one for each place of `axis`
  std::size_t axis = 0;
  std::shared_ptr<Number> first{}, second{};
  bool less = false;  // of two: the first less the second
  bool lite = false;  // of mean: TFLite's MEAN
  // of sums: what LiteRT's multiplier is made of, where it is not a scale of each sum: a scale of all, in float
  float factor = 0;
  bool whole = false;  // of sums in 16 bits: it has 31 bits, as where biases have 32
  std::string op{};    // of function
  double alpha = 0;
  double low = -unbounded, high = unbounded;
};

/// Other numbers with the same axes.
Array with(const Array& like, std::vector<double> values);

/// What the numbers of a value stand for.
Array in_real(const Number& n);

/// LiteRT's softmax of 8 and of 16 bits: the integers it gives.
void softmax_bytes(const Number& n, std::vector<double>& q);
void softmax_words(const Number& n, Rounding rounding, std::vector<double>& q);

/// x + y, or x - y, at the scale of the result.
class Adder {
public:
  Adder(double a, double b, double result, Rounding rounding, int spare);
  double operator()(double x, double y, bool less) const;

private:
  Rounding rounding_;
  SumMultipliers whole_;
  int shift_ = 0;
  std::int64_t first_ = 0, second_ = 0;
};

/// LiteRT's integer LSTM (`node`, of exact x) with its matrices, its bias, and perhaps its peepholes of i, o and f.
Number lstm_of_integers(const Node& node, const Number& x, const Number& w, const Number& r, const Number& b,
                        const Number* p);

}  // namespace tenon::importing
