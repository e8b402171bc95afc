#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../edit.hpp"

/// What multi-head attention is made of: where numbers come from, and products with constant matrices.
namespace tenon::importing {

using Places = std::vector<std::size_t>;

/// How a value is rounded to int8: by a QuantizeLinear and a DequantizeLinear of one scale and zero point (uint8 less
/// 128).
struct Int8Rounding {
  double scale = 0, zero = 0;
};

/// A value as numbers of another one, moved and multiplied.
struct Moved {
  std::string from;
  Places places;  // of each number of the value, where it is in `from`
  double scale = 1;
};

/// A value on its way back to where its numbers come from. Each step is a node that moves numbers or multiplies all of
/// them by one, or two that round them.
class Way {
public:
  Way(const Edit& edit, std::string value) : edit_(edit), value_(std::move(value)) {}

  const std::string& value() const { return value_; }
  const std::vector<const Node*>& nodes() const { return nodes_; }
  /// How the numbers were rounded, before all else that was done to them.
  const std::optional<Int8Rounding>& rounding() const { return rounding_; }

  /// One node further back, of those that only turn or cut axes; false where it is another one.
  bool turn();
  bool move();
  bool scale();
  bool round();

  Moved moved() const;

private:
  bool step(std::initializer_list<std::string_view> ops);

  const Edit& edit_;
  std::string value_;
  std::vector<std::pair<const Node*, std::size_t>> links_{};  // with the output that the way comes from
  std::vector<const Node*> nodes_{};
  double scale_ = 1;
  std::optional<Int8Rounding> rounding_{};
};

/// A constant, or integers whose scales stand beside them: one, or one for each place of `axis`.
struct Given {
  const Array* numbers = nullptr;
  const Array* scale = nullptr;
  std::int64_t axis = 0;

  /// Of the place along the axis.
  double scale_of(std::size_t place) const { return scale->values[scale->values.size() == 1 ? 0 : place]; }
};
/// Without numbers where the value is neither. Integers have 0 as their zero point.
Given given(const Edit& edit, const std::string& value);

/// y = x W + b along the last axis.
struct Projection {
  std::string x;
  Given weight;
  bool outputs_first = false;  // the matrix is (outputs, inputs)
  Given bias{};
  std::vector<const Node*> nodes{};

  std::size_t outputs() const { return size(outputs_first ? 0 : 1); }
  std::size_t inputs() const { return size(outputs_first ? 1 : 0); }
  double at(std::size_t output, std::size_t input) const {
    return weight.numbers->values[outputs_first ? output * inputs() + input : input * outputs() + output];
  }
  double bias_of(std::size_t output) const {
    if (bias.numbers == nullptr) return 0;
    return bias.numbers->values[bias.numbers->values.size() == 1 ? 0 : output];
  }

private:
  std::size_t size(std::size_t axis) const { return static_cast<std::size_t>(weight.numbers->dims[axis]); }
};
std::optional<Projection> projection(const Edit& edit, const std::string& value);

}  // namespace tenon::importing
