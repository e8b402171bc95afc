#include "interpret_int8.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include <tenon/error.hpp>
#include <tenon/kernels/fixed_point.hpp>
#include <tenon/kernels/int16_elementwise.hpp>

#include "interpret.hpp"
#include "lite_rules.hpp"
#include "operators/call.hpp"
#include "passes/kinds.hpp"

namespace tenon::importing {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

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
  double low = -infinity, high = infinity;
};

Array with(const Array& like, std::vector<double> values) { return {Type::float32, like.dims, std::move(values)}; }

/// What the numbers of a value stand for.
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

/// x + y, or x - y, at the scale of the result.
class Adder {
public:
  Adder(double a, double b, double result, Rounding rounding, int spare)
      : rounding_(rounding), whole_(a, b, result, rounding, spare) {
    const float first = static_cast<float>(a) / static_cast<float>(result),
                second = static_cast<float>(b) / static_cast<float>(result);
    shift_ = 20 - std::ilogb(std::max(first, second));
    first_ = std::llrint(std::ldexp(first, shift_));
    second_ = std::llrint(std::ldexp(second, shift_));
  }
  double operator()(double x, double y, bool less) const {
    if (rounding_ != Rounding::in_float) return whole_(x, y, less);
    const std::int64_t sum = first_ * static_cast<std::int64_t>(x) +
                             (less ? -second_ : second_) * static_cast<std::int64_t>(y);
    return static_cast<double>((sum + (std::int64_t{1} << (shift_ - 1))) >> shift_);
  }

private:
  Rounding rounding_;
  SumMultipliers whole_;
  int shift_ = 0;
  std::int64_t first_ = 0, second_ = 0;
};

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

class Interpreter {
public:
  Interpreter(const Graph& graph, Rounding rounding)
      : graph_(graph),
        wide_(has_wide_activations(graph)),
        rounding_(wide_ && rounding == Rounding::in_float ? Rounding::twice : rounding) {}  // XNNPACK has no 16 bits

  std::vector<Array> run(const std::map<std::string, Array>& inputs) {
    for (const auto& [name, array] : inputs)
      values_[name] = {is_integer(array.type) ? Number::stored : Number::real, array};
    for (const Node& node : graph_.nodes) run(node);
    std::vector<Array> outputs;
    for (const Value& output : graph_.outputs) outputs.push_back(bytes(get(output.name), output.name));
    return outputs;
  }

private:
  Number& get(const std::string& name) {
    if (const auto found = values_.find(name); found != values_.end()) return found->second;
    const Array& array = graph_.constants.at(name);
    return values_[name] = {Number::real, array};
  }
  static double shifted(Type type, double q) { return type == Type::uint8 ? q - 128 : q; }

  Array bytes(const Number& n, const std::string& name) const {
    Array y = n.numbers;
    const Type type = types_.contains(name) ? types_.at(name) : y.type;
    if (n.kind == Number::softmax && wide_) softmax_words(n, rounding_, y.values);
    else if (n.kind == Number::softmax) softmax_bytes(n, y.values);
    else if (n.kind == Number::exact)
      for (double& v : y.values) v = shifted(type, v + n.zero);
    else if (n.kind == Number::stored)
      for (double& v : y.values) v = shifted(type, v);
    else throw Error("the output '" + name + "' is not quantised");
    y.type = wide_ ? Type::int16 : Type::int8;
    return y;
  }

  void run(const Node& node) {
    if (node.op == "DequantizeLinear" && node.domain.empty()) return dequantize(node);
    if (node.op == "QuantizeLinear" && node.domain.empty()) return quantize(node);
    if (in_integers(node)) return;
    std::vector<Array> reals;
    std::vector<const Array*> inputs;
    reals.reserve(node.inputs.size());
    bool all_stored = true;
    for (const std::string& name : node.inputs) {
      if (name.empty()) {
        inputs.push_back(nullptr);
        continue;
      }
      const Number& n = get(name);
      all_stored = all_stored && (n.kind == Number::stored || graph_.constants.contains(name));
      reals.push_back(in_real(n));
      inputs.push_back(&reals.back());
    }
    std::vector<Array> results = evaluate(node, graph_.opset, inputs);
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
      if (!node.outputs[i].empty())
        values_[node.outputs[i]] = {all_stored && is_integer(results[i].type) ? Number::stored : Number::real,
                                    std::move(results[i])};
  }

  void dequantize(const Node& node) {
    const Number& x = get(node.inputs.at(0));
    const Array &scale = get(node.inputs.at(1)).numbers, *zero = nullptr;
    if (node.has_input(2)) zero = &get(node.inputs[2]).numbers;
    Number y{Number::exact, x.numbers};
    types_[node.outputs[0]] = x.numbers.type;
    y.numbers.type = Type::float32;
    if (scale.values.size() == 1) {
      y.scale = scale.values[0];
      y.zero = zero != nullptr ? zero->values.at(0) : 0;
      for (double& v : y.numbers.values) v -= y.zero;
    } else {
      const auto rank = static_cast<std::int64_t>(y.numbers.dims.size()), axis = node.integer("axis", 1);
      y.axis = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
      y.along = scale.values;
      const auto stride = static_cast<std::size_t>(strides_of(y.numbers.dims)[y.axis]);
      if (zero != nullptr && zero->values.size() == y.along.size())
        for (std::size_t i = 0; i < y.numbers.values.size(); ++i)
          y.numbers.values[i] -= zero->values[i / stride % y.along.size()];
    }
    values_[node.outputs[0]] = std::move(y);
  }

  void quantize(const Node& node) {
    const Number& x = get(node.inputs.at(0));
    const Array& scales = get(node.inputs.at(1)).numbers;
    const Array* zeros = node.has_input(2) ? &get(node.inputs[2]).numbers : nullptr;
    const Type type = zeros != nullptr ? zeros->type : Type::uint8;
    if (scales.values.size() != 1 || x.kind == Number::real || x.kind == Number::stored || !x.along.empty())
      return in_double(node, x, type);
    const double scale = scales.values[0], zero = zeros != nullptr ? zeros->values[0] : 0;
    const auto [least, most] = limits(type);
    Array q{type, x.numbers.dims, {}};
    q.values.resize(x.numbers.values.size());
    const auto each = [&](auto f) {
      for (std::size_t i = 0; i < q.values.size(); ++i) q.values[i] = f(i);
    };
    const std::vector<double>& v = x.numbers.values;
    if (x.kind == Number::exact && x.scale == scale) {
      each([&](std::size_t i) { return v[i] + zero; });
    } else if (x.kind == Number::exact) {
      const Multiplier m(x.scale / scale, rounding_);
      each([&](std::size_t i) { return m(v[i]) + zero; });
    } else if (x.kind == Number::sums) {
      double last = 0;
      Multiplier m(1);
      if (x.factor > 0) m = Multiplier(static_cast<double>(x.factor / static_cast<float>(scale)), rounding_);
      each([&](std::size_t i) {
        const double s = x.scales.values[i];
        if (wide_ && x.factor == 0) {
          if (s != last) m = x.whole ? Multiplier(s / scale) : HalfMultiplier(s / scale);
          last = s;
          return m.once(v[i]);
        }
        if (wide_) return m(v[i]);
        if (rounding_ == Rounding::in_float) {
          const float factor = static_cast<float>(s) / static_cast<float>(scale);
          return static_cast<double>(std::nearbyint(static_cast<float>(v[i]) * factor)) + zero;
        }
        if (s != last) m = Multiplier((last = s) / scale, rounding_);
        return m(v[i]) + zero;
      });
    } else if (x.kind == Number::function && wide_) {
      if (scale != 0x1p-15) throw Error(describe(node) + ": Sigmoid and Tanh of 16 bits have the scale 1/32768");
      std::array<std::int16_t, kernels::Squash::size> table{};
      kernels::Squash::fill(table.data(), static_cast<float>(x.scale));
      const auto of = x.op == "Tanh" ? kernels::Squash::of<true> : kernels::Squash::of<false>;
      each([&](std::size_t i) { return static_cast<double>(of(table.data(), static_cast<std::int32_t>(v[i]))); });
    } else if (x.kind == Number::function) {
      const auto of_file = [](double at) { return static_cast<int>(at); };
      const IntegerTable table = lite_table(x.op, x.alpha, {static_cast<float>(x.scale), of_file(x.zero)},
                                            {static_cast<float>(scale), of_file(zero)}, rounding_);
      each([&](std::size_t i) { return static_cast<double>(table[static_cast<std::size_t>(v[i] + x.zero + 128)]); });
    } else if (x.kind == Number::mean && x.lite) {
      const MeanMultiplier m(x.scale, scale, static_cast<std::int64_t>(x.count), rounding_);
      const float factor = static_cast<float>(x.scale) / (static_cast<float>(scale) * static_cast<float>(x.count));
      each([&](std::size_t i) {
        const double sum = std::round(v[i] * x.count);
        if (rounding_ != Rounding::in_float) return m(sum) + zero;
        return static_cast<double>(std::nearbyint(static_cast<float>(sum) * factor)) + zero;
      });
    } else if (x.kind == Number::mean && x.scale == scale) {
      // a mean of integers is half an integer exactly or by far
      each([&](std::size_t i) {
        const double twice = 2 * (v[i] + x.about), nearest = std::round(twice);
        return std::round((std::abs(twice - nearest) < 1e-7 ? nearest : twice) / 2) - x.about + zero;
      });
    } else if (x.kind == Number::mean && x.count > 0) {
      const Multiplier m(x.scale * (1 / x.count) / scale, rounding_);
      each([&](std::size_t i) { return m(std::round(v[i] * x.count)) + zero; });
    } else if (x.kind == Number::two) {
      const Adder sum(x.first->scale, x.second->scale, scale, rounding_, wide_ ? 15 : 20);
      each([&](std::size_t i) { return sum(x.first->numbers.values[i], x.second->numbers.values[i], x.less) + zero; });
    } else if (x.kind == Number::slopes) {
      const SlopeMultipliers slope(x.first->scale, x.second->scale, scale, rounding_);
      each([&](std::size_t i) { return slope(x.first->numbers.values[i], x.second->numbers.values[i]) + zero; });
    } else if (x.kind == Number::softmax && wide_ && scale == 0x1p-15 && zero == 0) {
      softmax_words(x, rounding_, q.values);
    } else if (x.kind == Number::softmax && scale == 1.0 / 256 && zero == limits(type).first &&
               limits(type).second - limits(type).first == 255) {
      softmax_bytes(x, q.values);
      for (double& value : q.values) value += zero + 128;
    } else {
      return in_double(node, x, type);
    }
    const auto bound = [&](double limit, double otherwise) {
      if (std::isinf(limit)) return otherwise;
      return zero + std::round(static_cast<double>(static_cast<float>(limit) / static_cast<float>(scale)));
    };
    const double low = std::max(least, bound(x.low, least)), high = std::min(most, bound(x.high, most));
    for (double& value : q.values) value = std::min(std::max(value, low), high);
    values_[node.outputs[0]] = {Number::stored, std::move(q)};
  }

  void in_double(const Node& node, const Number& x, Type type) {
    const Array reals = in_real(x);
    std::vector<const Array*> inputs{&reals, &get(node.inputs.at(1)).numbers};
    if (node.has_input(2)) inputs.push_back(&get(node.inputs[2]).numbers);
    Array y = evaluate(node, graph_.opset, inputs).at(0);
    y.type = type;
    values_[node.outputs[0]] = {Number::stored, std::move(y)};
  }

  /// The results of the node with another first input.
  std::vector<Array> moved(const Node& node, const Array& x) {
    std::vector<const Array*> inputs{&x};
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
      inputs.push_back(node.inputs[i].empty() ? nullptr : &get(node.inputs[i]).numbers);
    return evaluate(node, graph_.opset, inputs);
  }

  bool in_integers(const Node& node) {
    if (!node.domain.empty() || node.inputs.empty() || node.inputs[0].empty()) return false;
    const Number& x = get(node.inputs[0]);
    if (x.kind == Number::real || x.kind == Number::stored) return false;
    if (is_any_of(node.op, {"Conv", "ConvTranspose", "Gemm", "MatMul"})) return product(node, x);
    if (!x.along.empty()) return false;
    if (is_any_of(node.op, {"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Slice", "Split"}))
      return move(node, x);
    if (node.op == "Relu" || node.op == "Clip") return bound(node, x);
    if (x.kind != Number::exact || !unbounded(x)) return false;
    if (node.op == "LSTM" && node.has("cell_scale")) return lstm(node, x);
    if (node.op == "Pad") return pad(node, x);
    if (node.op == "MaxPool" && node.outputs.size() == 1) return keep(node, x, moved(node, x.numbers).at(0));
    if (node.op == "GlobalMaxPool") return keep(node, x, moved(node, x.numbers).at(0));
    if (is_any_of(node.op, {"AveragePool", "GlobalAveragePool", "ReduceMean"})) {
      Number y{Number::mean, moved(node, x.numbers).at(0)};
      y.scale = x.scale;
      if (node.op != "AveragePool")
        y.count = static_cast<double>(x.numbers.values.size()) / static_cast<double>(y.numbers.values.size());
      y.lite = node.op == "ReduceMean" && graph_.format == "TFLite";
      y.about = node.op == "ReduceMean" ? 0 : shifted(types_[node.inputs[0]], x.zero);
      return give(node, std::move(y));
    }
    if (node.op == "Concat") return join(node);
    if (node.op == "Add" || node.op == "Sub") return add(node, x);
    if (node.op == "Mul") return multiply(node, x);
    if (node.op == "PRelu" && graph_.format == "TFLite") return slopes(node, x);
    if (node.op == "Resize") return resize(node, x);
    if (node.op == "Max" || node.op == "Min") return join(node);
    const bool known = wide_ ? is_any_of(node.op, {"Sigmoid", "Tanh"})
                             : graph_.format == "TFLite" && types_[node.inputs[0]] == Type::int8;
    if (known && is_lite_function(node.op)) {
      Number y = x;
      y.kind = Number::function;
      y.op = node.op;
      y.alpha = node.number("alpha", 0);
      return give(node, std::move(y));
    }
    const auto rank = static_cast<std::int64_t>(x.numbers.dims.size()), axis = node.integer("axis", -1);
    if (node.op == "Softmax" && (axis == -1 || axis == rank - 1)) {
      Number y = x;
      y.kind = Number::softmax;
      return give(node, std::move(y));
    }
    return false;
  }
  static bool unbounded(const Number& n) { return std::isinf(n.low) && std::isinf(n.high); }
  bool give(const Node& node, Number y, std::size_t output = 0) {
    if (types_.contains(node.inputs[0])) types_[node.outputs[output]] = types_[node.inputs[0]];
    values_[node.outputs[output]] = std::move(y);
    return true;
  }
  bool keep(const Node& node, const Number& x, Array numbers) {
    Number y = x;
    y.numbers = std::move(numbers);
    return give(node, std::move(y));
  }

  bool move(const Node& node, const Number& x) {
    if (x.kind == Number::softmax || x.kind == Number::function) return false;
    const std::vector<Array> numbers = moved(node, x.numbers);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      Number y = x;
      y.numbers = numbers[i];
      if (x.kind == Number::sums) y.scales = moved(node, x.scales)[i];
      for (auto part : {&Number::first, &Number::second})
        if (x.*part) {
          y.*part = std::make_shared<Number>(*(x.*part));
          (y.*part)->numbers = moved(node, (x.*part)->numbers)[i];
        }
      give(node, std::move(y), i);
    }
    return true;
  }

  bool bound(const Node& node, const Number& x) {
    if (x.kind == Number::softmax || x.kind == Number::function) return false;
    double low = 0, high = infinity;
    if (node.op == "Clip") {
      const auto limit = [&](std::size_t i, const char* key, double otherwise) {
        return node.has_input(i) ? get(node.inputs[i]).numbers.values.at(0) : node.number(key, otherwise);
      };
      low = limit(1, "min", -infinity);
      high = limit(2, "max", infinity);
    }
    Number y = x;
    y.high = std::max(std::min(y.high, high), low);
    y.low = std::min(std::max(y.low, low), high);
    return give(node, std::move(y));
  }

  /// LiteRT's integer LSTM: gates in Q3.12, functions and memory in 16 bits, the state rounded to int8 at every step;
  /// multipliers round twice.
  bool lstm(const Node& node, const Number& x) {
    namespace fixed = kernels::fixed_point;
    const Number &w = get(node.inputs.at(1)), &r = get(node.inputs.at(2)), &b = get(node.inputs.at(3));
    const auto steps = static_cast<std::size_t>(x.numbers.dims[0]), batch = static_cast<std::size_t>(x.numbers.dims[1]),
               features = static_cast<std::size_t>(x.numbers.dims[2]),
               hidden = static_cast<std::size_t>(r.numbers.dims[2]), rows = 4 * hidden;
    const auto scale = static_cast<float>(node.number("hidden_scale", 0));
    const int cell_bits = -std::ilogb(node.number("cell_scale", 0));
    const double limit = node.number("cell_clip", 0) * (1 << cell_bits);
    const int high = limit > 0 && limit < 32767 ? static_cast<int>(limit) : 32767, low = limit > 0 ? -high : -32768;
    const auto multipliers = [&](double in, const std::vector<double>& scales) {
      std::vector<Multiplier> all;
      for (const double own : scales)
        all.emplace_back(static_cast<double>(static_cast<float>(own) * static_cast<float>(in)) * 0x1p12);
      return all;
    };
    const std::vector<Multiplier> of_input = multipliers(x.scale, w.along),
                                  of_state = multipliers(static_cast<double>(scale), r.along);
    const Number* const p = node.has_input(7) ? &get(node.inputs[7]) : nullptr;  // of i, o, f
    const std::vector<Multiplier> of_memory = p != nullptr ? multipliers(node.number("cell_scale", 0), p->along)
                                                           : std::vector<Multiplier>{};
    const Multiplier of_hidden(static_cast<double>(0x1p-15F / scale) * 0x1p-15);
    const auto sum = [](const double* weights, const double* numbers, std::size_t count) {
      double all = 0;
      for (std::size_t i = 0; i < count; ++i) all += weights[i] * numbers[i];
      return all;
    };
    Number y{Number::exact, {Type::float32, {x.numbers.dims[0], 1, x.numbers.dims[1], r.numbers.dims[2]}, {}}};
    y.scale = static_cast<double>(scale);
    y.numbers.values.resize(steps * batch * hidden);
    for (std::size_t s = 0; s < batch; ++s) {
      std::vector<double> h(hidden);
      std::vector<int> cell(hidden), gate(rows);
      for (std::size_t t = 0; t < steps; ++t) {
        const double* const now = x.numbers.values.data() + (t * batch + s) * features;
        for (std::size_t k = 0; k < rows; ++k) {
          const double in = of_input[k].twice(sum(w.numbers.values.data() + k * features, now, features) +
                                              b.numbers.values[k]);
          const double back = of_state[k].twice(sum(r.numbers.values.data() + k * hidden, h.data(), hidden));
          gate[k] = static_cast<int>(std::clamp(back + std::clamp(in, -32768.0, 32767.0), -32768.0, 32767.0));
        }
        const auto seeing = [&](std::size_t row, int memory) {  // a gate's sum, with what it sees of the memory
          if (p == nullptr) return gate[row];
          const double seen = of_memory[row].twice(p->numbers.values[row] * memory);
          return static_cast<int>(std::clamp(gate[row] + seen, -32768.0, 32767.0));
        };
        for (std::size_t k = 0; k < hidden; ++k) {  // i, o, f, c
          const int in = fixed::sigmoid(seeing(k, cell[k])), forget = fixed::sigmoid(seeing(2 * hidden + k, cell[k])),
                    candidate = fixed::tanh(gate[3 * hidden + k], 3);
          cell[k] = std::clamp(fixed::divided(forget * cell[k], 15) + fixed::divided(in * candidate, 30 - cell_bits),
                               low, high);
          const int out = fixed::sigmoid(seeing(hidden + k, cell[k]));
          h[k] = std::clamp(of_hidden.twice(static_cast<double>(out * fixed::tanh(cell[k], 15 - cell_bits))), -128.0,
                            127.0);
          y.numbers.values[(t * batch + s) * hidden + k] = h[k];
        }
      }
    }
    return give(node, std::move(y));
  }

  bool pad(const Node& node, const Number& x) {
    const double around = node.has_input(2) ? get(node.inputs[2]).numbers.values.at(0) : node.number("value", 0);
    if (around != 0 || node.text("mode", "constant") != "constant") return false;
    return keep(node, x, moved(node, x.numbers).at(0));
  }

  bool join(const Node& node) {
    const Number first = get(node.inputs[0]);
    std::vector<const Array*> inputs;
    for (const std::string& name : node.inputs) {
      const Number& n = get(name);
      if (n.kind != Number::exact || n.scale != first.scale || n.zero != first.zero || !unbounded(n)) return false;
      inputs.push_back(&n.numbers);
    }
    return keep(node, first, evaluate(node, graph_.opset, inputs).at(0));
  }

  /// Whether a second value has integers, and both of them spread over their common shape.
  bool both(const Node& node, const Number& x, Number& a, Number& b) {
    const Number& y = get(node.inputs.at(1));
    if (node.inputs.size() != 2 || y.kind != Number::exact || !y.along.empty() || !unbounded(y)) return false;
    a = x;
    b = y;
    const Array none = with(x.numbers, std::vector<double>(x.numbers.values.size())),
                nothing = with(y.numbers, std::vector<double>(y.numbers.values.size()));
    const Node sum{"", "Add", "", {"a", "b"}, {"c"}, {}};
    a.numbers = evaluate(sum, graph_.opset, {&x.numbers, &nothing}).at(0);
    b.numbers = evaluate(sum, graph_.opset, {&none, &y.numbers}).at(0);
    return true;
  }

  bool add(const Node& node, const Number& x) {
    Number a, b;
    if (!both(node, x, a, b)) return false;
    Number y{Number::two, a.numbers};
    y.less = node.op == "Sub";
    y.first = std::make_shared<Number>(std::move(a));
    y.second = std::make_shared<Number>(std::move(b));
    return give(node, std::move(y));
  }

  bool slopes(const Node& node, const Number& x) {
    Number a, b;
    if (!both(node, x, a, b)) return false;
    Number y{Number::slopes, a.numbers};
    y.first = std::make_shared<Number>(std::move(a));
    y.second = std::make_shared<Number>(std::move(b));
    return give(node, std::move(y));
  }

  /// The nearest number is one of them; what lies between is rounded as the stored integers are, halves away from zero.
  bool resize(const Node& node, const Number& x) {
    const std::string mode = node.text("mode", "nearest");
    if (mode == "nearest") return keep(node, x, moved(node, x.numbers).at(0));
    if (mode != "linear") return false;
    Number y{Number::mean, moved(node, x.numbers).at(0)};
    y.scale = x.scale;
    y.about = shifted(types_[node.inputs[0]], x.zero);
    return give(node, std::move(y));
  }

  /// Products of integers are sums of one product.
  bool multiply(const Node& node, const Number& x) {
    Number a, b;
    if (!both(node, x, a, b)) return false;
    Number y{Number::sums, a.numbers};
    for (std::size_t i = 0; i < y.numbers.values.size(); ++i) y.numbers.values[i] *= b.numbers.values[i];
    y.scales = with(y.numbers, std::vector<double>(y.numbers.values.size(), a.scale * b.scale));
    if (wide_) y.factor = static_cast<float>(a.scale) * static_cast<float>(b.scale);
    return give(node, std::move(y));
  }

  /// A bias counts in steps of the products; one that does not is brought to them.
  bool product(const Node& node, const Number& x) {
    const Number& w = get(node.inputs.at(1));
    const bool plain = node.op != "Gemm" ||
                       (node.number("alpha", 1) == 1 && node.number("beta", 1) == 1 && node.integer("transA", 0) == 0);
    if (x.kind != Number::exact || !x.along.empty() || w.kind != Number::exact || !plain) return false;
    const bool transposed = node.op == "ConvTranspose", conv = node.op == "Conv" || transposed;
    if (transposed && node.integer("group", 1) != 1) return false;
    const std::size_t out = node.op == "Conv" || node.integer("transB", 0) != 0 ? 0 : 1;
    if (!w.along.empty() && w.axis != out) return false;
    std::vector<const Array*> inputs{&x.numbers, &w.numbers};
    Array bias;
    // of one scale for all weights LiteRT's FULLY_CONNECTED makes a float, which 16 bits show
    const bool in_float = wide_ && !conv && w.along.empty();
    const auto step = [&](std::size_t o) {
      if (in_float) return static_cast<double>(static_cast<float>(x.scale) * static_cast<float>(w.scale));
      return x.scale * (w.along.empty() ? w.scale : w.along[o]);
    };
    bool whole = false;
    if (node.has_input(2)) {
      whole = types_.contains(node.inputs[2]) && types_.at(node.inputs[2]) == Type::int32;
      const Number& b = get(node.inputs[2]);
      bias = in_real(b);
      for (std::size_t o = 0; o < bias.values.size(); ++o) {
        const double unit = step(bias.values.size() == 1 ? 0 : o), own = b.along.empty() ? b.scale : b.along[o];
        const bool counts_so = b.kind == Number::exact && std::abs(own - unit) <= 1e-5 * unit;
        bias.values[o] = counts_so ? b.numbers.values[o] : std::round(bias.values[o] / unit);
      }
      inputs.push_back(&bias);
    }
    Number y{Number::sums, evaluate(node, graph_.opset, inputs).at(0)};
    y.whole = whole;
    y.scales = with(y.numbers, std::vector<double>(y.numbers.values.size()));
    const Dims& dims = y.numbers.dims;
    const std::size_t axis = conv ? 1 : dims.size() - 1, size = static_cast<std::size_t>(dims[axis]),
                      stride = static_cast<std::size_t>(strides_of(dims)[axis]);
    for (std::size_t i = 0; i < y.scales.values.size(); ++i) y.scales.values[i] = step(i / stride % size);
    return give(node, std::move(y));
  }

  const Graph& graph_;
  bool wide_;
  Rounding rounding_;
  std::map<std::string, Number> values_;
  std::map<std::string, Type> types_;  // of what was dequantised
};

}  // namespace

bool has_wide_activations(const Graph& graph) {
  return graph.format == "TFLite" && std::ranges::any_of(graph.nodes, [&](const Node& node) {
           if (node.op != "QuantizeLinear" || !node.domain.empty() || !node.has_input(2)) return false;
           const auto zero = graph.constants.find(node.inputs[2]);
           return zero != graph.constants.end() && zero->second.type == Type::int16;
         });
}

std::vector<Array> interpret_int8(const Graph& graph, const std::map<std::string, Array>& inputs, Rounding rounding) {
  return Interpreter(graph, rounding).run(inputs);
}

}  // namespace tenon::importing
