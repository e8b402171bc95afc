#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "../interpret.hpp"
#include "kinds.hpp"
#include "passes.hpp"

/// Functions of one number are recognised by what they do, not by how they are written: nodes that make one value of
/// one other, number by number, are run over some numbers and compared with the operators that ONNX has names for.
namespace tenon::importing {

namespace {

using Numbers = std::vector<double>;

constexpr std::size_t most_nodes = 16;
constexpr double farthest = 3e38;  // about the largest float

/// What the functions are compared at: first those that parameters are read off, then a sweep, then far away. Values at
/// which the pieces overflow (exp(1000)) do not count.
enum Place : std::size_t { zero, one, minus_one, little, minus_little, low, high, swept };

const Numbers& points() {
  static const Numbers all = [] {
    Numbers result{0, 1, -1, 0x1p-10, -0x1p-10, -farthest, farthest};
    for (int i = -400; i <= 400; ++i) result.push_back(0.0371 * i + 0.0013);
    for (double far = 20; far < farthest; far *= 3.7) result.insert(result.end(), {far, -far});
    return result;
  }();
  return all;
}

Array row(Numbers numbers) {
  const auto count = static_cast<std::int64_t>(numbers.size());
  return {Type::float32, {count}, std::move(numbers)};
}

/// Nodes, the last one first, which read nothing but x, each other and constants of one number.
struct Region {
  std::vector<const Node*> nodes;
  std::string x;
};

/// What a region makes of all points.
Numbers run(const Edit& edit, const Region& region) {
  const Array x = row(points());
  std::unordered_map<std::string, Array> values;
  for (auto node = region.nodes.rbegin(); node != region.nodes.rend(); ++node) {
    std::vector<const Array*> inputs;
    for (const std::string& name : (*node)->inputs) {
      if (const Array* constant = name.empty() ? nullptr : edit.constant(name)) {
        inputs.push_back(&(values[name] = Array{constant->type, {}, constant->values}));
      } else {
        inputs.push_back(name.empty() ? nullptr : name == region.x ? &x : &values.at(name));
      }
    }
    values[(*node)->outputs[0]] = evaluate(**node, edit.opset(), inputs).front();
  }
  return values.at(region.nodes.front()->outputs[0]).values;
}

/// An operator with its numbers: attributes, or inputs behind x.
struct Function {
  std::string op;
  Attributes attributes{};
  Numbers inputs{};
};

/// Equal but for what rounding constants to float does?
bool same(const Numbers& f, const Numbers& g) {
  std::size_t compared = 0;
  for (std::size_t i = 0; i < f.size(); ++i) {
    if (!std::isfinite(f[i])) continue;
    ++compared;
    if (!(std::abs(f[i] - g[i]) <= 1e-6 * (std::abs(g[i]) + 0.01 * std::min(1.0, std::abs(points()[i]))))) return false;
  }
  return 2 * compared > f.size();
}

/// The quotient of small numbers that a parameter is, where it is one.
double neat(double value) {
  for (int q = 1; q <= 100; ++q) {
    const double near = std::round(value * q) / q;
    if (std::abs(near - value) <= 1e-11 * std::abs(value)) return near;
  }
  return value;
}

/// All that the function with these values could be called; parameters are what makes them right at some points.
std::vector<Function> candidates(const Numbers& f) {
  const double slope = (f[little] - f[minus_little]) / (2 * 0x1p-10);
  const double gate = std::log(f[one] / (1 - f[one]));  // of x sigmoid(a x), at 1
  const bool bounded = std::abs(f[low]) < farthest && std::abs(f[high]) < farthest;
  return {{"Identity"},
          {"Relu"},
          {"Abs"},
          {bounded ? "Clip" : "Identity", {}, bounded ? Numbers{f[low], f[high]} : Numbers{}},
          {"LeakyRelu", {{"alpha", neat(-f[minus_one])}}},
          {"HardSigmoid", {{"alpha", neat(slope)}, {"beta", neat(f[zero])}}},
          {"HardSwish"},
          {"Sigmoid"},
          {"Tanh"},
          {"Softplus"},
          {"Softsign"},
          {"Swish", {{"alpha", std::abs(gate - 1) < 1e-6 ? 1.0 : neat(gate)}}},
          {"Mish"},
          {"Gelu", {{"approximate", "none"}}},
          {"Gelu", {{"approximate", "tanh"}}},
          {"Elu", {{"alpha", neat(f[minus_one] / std::expm1(-1.0))}}},
          {"Selu"}};
}

Numbers run(const Function& function, std::int64_t opset) {
  const Array x = row(points());
  std::vector<Array> numbers;
  for (const double number : function.inputs) numbers.push_back({Type::float32, {}, {number}});
  std::vector<const Array*> inputs{&x};
  for (const Array& number : numbers) inputs.push_back(&number);
  return evaluate({{}, function.op, {}, {}, {}, function.attributes}, opset, inputs).front().values;
}

std::optional<Function> name_of(const Numbers& f, std::int64_t opset) {
  if (!std::isfinite(f[zero]) || !std::isfinite(f[one]) || !std::isfinite(f[minus_one])) return std::nullopt;
  for (Function& function : candidates(f)) {
    const bool sensible = std::ranges::all_of(function.attributes, [](const auto& attribute) {
      const double* number = std::get_if<double>(&attribute.second);
      return number == nullptr || (std::isfinite(*number) && (*number != 0 || attribute.first == "beta"));
    });
    if (sensible && interprets({{}, function.op}) && same(f, run(function, opset))) return std::move(function);
  }
  return std::nullopt;
}

bool may_join(const Edit& edit, const Node& node, const Dims& dims) {
  if (!is_elementwise(node) || node.op == "Cast" || node.op == "PRelu" || node.outputs.size() != 1) return false;
  if (edit.dims(node.outputs[0]) != dims) return false;
  return std::ranges::all_of(node.inputs, [&](const std::string& name) {
    return name.empty() || (edit.constant(name) != nullptr ? edit.scalar(name).has_value() : edit.dims(name) == dims);
  });
}

/// select(x > 0, x, w * x) is PRelu, w with axes: a number without any is no slope that was learned.
bool name_slope(Edit& edit, Node& root) {
  if (root.op != "Where") return false;
  const std::string x = root.inputs[1];
  const Node *condition = edit.maker(root.inputs[0], "Greater"), *product = edit.maker(root.inputs[2], "Mul");
  if (condition == nullptr || product == nullptr) return false;
  if (condition->inputs[0] != x || !edit.is_scalar(condition->inputs[1], 0)) return false;
  for (const std::size_t i : {0U, 1U}) {
    const std::string slope = product->inputs[i];
    const Array* numbers = edit.constant(slope);
    if (product->inputs[1 - i] != x || numbers == nullptr || numbers->dims.empty()) continue;
    if (edit.dims(root.outputs[0]) != edit.dims(x) || edit.dims(product->outputs[0]) != edit.dims(x)) return false;
    edit.become(root, "PRelu", {x, slope});
    return true;
  }
  return false;
}

}  // namespace

/// The region grows upwards from its root for as long as nobody else reads what comes in. Of all regions with one value
/// to read, the largest that has a name is taken: x + 3, cut off at 0 and 6 and divided by 6, is a HardSigmoid of x.
bool name_function(Edit& edit, Node& root) {
  if (!is_elementwise(root)) return false;
  if (name_slope(edit, root)) return true;
  const Dims dims = edit.dims(root.outputs[0]);
  if (!may_join(edit, root, dims) || edit.type(root.outputs[0]) != Type::float32) return false;
  Region region{{&root}, {}};
  std::optional<Function> found;
  std::string x;
  for (;;) {
    const auto inside = [&](const Node* node) { return std::ranges::find(region.nodes, node) != region.nodes.end(); };
    std::vector<std::string> read;
    for (const Node* node : region.nodes)
      for (const std::string& name : node->inputs)
        if (!name.empty() && edit.constant(name) == nullptr && !inside(edit.maker(name)) &&
            std::ranges::find(read, name) == read.end())
          read.push_back(name);
    if (read.size() == 1 && edit.type(read[0]) == Type::float32) {
      region.x = read[0];
      if (auto function = name_of(run(edit, region), edit.opset())) {
        // A node that has a name stays, but larger regions may be more.
        if (region.nodes.size() > 1 || !is_unary(root) || (root.op == "Clip" && function->op != "Clip"))
          found = std::move(function), x = read[0];
      }
    }
    const auto next = std::ranges::find_if(read, [&](const std::string& name) {
      const Node* maker = edit.maker(name);
      return maker != nullptr && may_join(edit, *maker, dims) && !edit.is_output(name) &&
             std::ranges::all_of(edit.readers(name), inside);
    });
    if (next == read.end() || region.nodes.size() == most_nodes) break;
    region.nodes.push_back(edit.maker(*next));
  }
  if (!found) return false;
  if (found->op == "Clip" && edit.opset() < 11) {
    edit.become(root, "Clip", {x}, {{"min", found->inputs[0]}, {"max", found->inputs[1]}});
    return true;
  }
  Names inputs{x};
  for (const double number : found->inputs) inputs.push_back(edit.add(number));
  edit.become(root, found->op, inputs, found->attributes);
  return true;
}

}  // namespace tenon::importing
