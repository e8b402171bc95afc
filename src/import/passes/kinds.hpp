#pragma once

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "../graph.hpp"

/// Kinds of operators, as passes see them.
namespace tenon::importing {

inline bool is_any_of(std::string_view op, std::initializer_list<std::string_view> ops) {
  return std::ranges::find(ops, op) != ops.end();
}

/// y[i] = f(x[i]), with nothing but numbers beside.
inline bool is_unary(const Node& node) {
  return node.domain.empty() &&
         is_any_of(node.op, {"Abs",         "Cast",      "Ceil",  "Celu",    "Clip",     "Elu",
                             "Erf",         "Exp",       "Floor", "Gelu",    "Log",      "HardSwish",
                             "HardSigmoid", "LeakyRelu", "Mish",  "Neg",     "Not",      "Reciprocal",
                             "Relu",        "Round",     "Selu",  "Sigmoid", "Sign",     "Softplus",
                             "Softsign",    "Sqrt",      "Swish", "Tanh",    "Identity", "ThresholdedRelu"});
}

/// The same of several arrays, which are broadcast.
inline bool is_elementwise(const Node& node) {
  return is_unary(node) ||
         (node.domain.empty() &&
          is_any_of(node.op, {"Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Sum", "Mean", "PRelu", "Where",
                              "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal", "And", "Or"}));
}

}  // namespace tenon::importing
