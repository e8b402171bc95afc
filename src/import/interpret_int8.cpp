#include "interpret_int8.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include <tenon/error.hpp>

#include "int8_number.hpp"
#include "int8_rounding.hpp"
#include "interpret.hpp"
#include "lite_rules.hpp"
#include "operators/call.hpp"
#include "passes/kinds.hpp"

namespace tenon::importing {

namespace {

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
    if (scales.values.size() != 1) return in_double(node, x, type);
    const double scale = scales.values[0], zero = zeros != nullptr ? zeros->values[0] : 0;
    if (wide_ && x.kind == Number::function && scale != 0x1p-15)
      throw Error(describe(node) + ": Sigmoid and Tanh of 16 bits have the scale 1/32768");
    std::optional<Array> q = Rounder(type, scale, zero, rounding_, wide_)(x);
    if (!q) return in_double(node, x, type);
    values_[node.outputs[0]] = {Number::stored, *std::move(q)};
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
    if (node.op == "Add" && !wide_ && add_bias(node)) return true;
    if (x.kind != Number::exact || !is_unbounded(x)) return false;
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
  static bool is_unbounded(const Number& n) { return std::isinf(n.low) && std::isinf(n.high); }
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
    double low = 0, high = unbounded;
    if (node.op == "Clip") {
      const auto limit = [&](std::size_t i, const char* key, double otherwise) {
        return node.has_input(i) ? get(node.inputs[i]).numbers.values.at(0) : node.number(key, otherwise);
      };
      low = limit(1, "min", -unbounded);
      high = limit(2, "max", unbounded);
    }
    Number y = x;
    y.high = std::max(std::min(y.high, high), low);
    y.low = std::min(std::max(y.low, low), high);
    return give(node, std::move(y));
  }

  bool lstm(const Node& node, const Number& x) {
    const Number* const peepholes = node.has_input(7) ? &get(node.inputs[7]) : nullptr;
    return give(node, lstm_of_integers(node, x, get(node.inputs.at(1)), get(node.inputs.at(2)), get(node.inputs.at(3)),
                                       peepholes));
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
      if (n.kind != Number::exact || n.scale != first.scale || n.zero != first.zero || !is_unbounded(n)) return false;
      inputs.push_back(&n.numbers);
    }
    return keep(node, first, evaluate(node, graph_.opset, inputs).at(0));
  }

  /// Whether a second value has integers, and both of them spread over their common shape.
  bool both(const Node& node, const Number& x, Number& a, Number& b) {
    const Number& y = get(node.inputs.at(1));
    if (node.inputs.size() != 2 || y.kind != Number::exact || !y.along.empty() || !is_unbounded(y)) return false;
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

  /// What is added to a product and counts in its steps is its bias.
  bool add_bias(const Node& node) {
    for (const std::size_t i : {0U, 1U}) {
      const Number &sum = get(node.inputs.at(i)), &bias = get(node.inputs.at(1 - i));
      if (sum.kind != Number::sums || !is_unbounded(sum) || bias.kind != Number::exact || !is_unbounded(bias)) continue;
      Array scales = with(bias.numbers, std::vector<double>(bias.numbers.values.size(), bias.scale));
      if (!bias.along.empty()) {
        const auto stride = static_cast<std::size_t>(strides_of(scales.dims)[bias.axis]), size = bias.along.size();
        for (std::size_t k = 0; k < scales.values.size(); ++k) scales.values[k] = bias.along[k / stride % size];
      }
      const Array none = with(sum.numbers, std::vector<double>(sum.numbers.values.size()));
      const Node spread{"", "Add", "", {"a", "b"}, {"c"}, {}};
      const Array own = evaluate(spread, graph_.opset, {&none, &scales}).at(0);
      if (own.dims != sum.numbers.dims) return false;
      for (std::size_t k = 0; k < own.values.size(); ++k)
        if (std::abs(own.values[k] - sum.scales.values[k]) > 1e-5 * sum.scales.values[k]) return false;
      Number y = sum;
      y.numbers = evaluate(spread, graph_.opset, {&sum.numbers, &bias.numbers}).at(0);
      return give(node, std::move(y));
    }
    return false;
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
