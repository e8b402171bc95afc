#include <algorithm>

#include "kinds.hpp"
#include "passes.hpp"

namespace tenon::importing {

namespace {

/// A bias as a vector of all outputs; none where it is not the same for all rows.
std::optional<Array> bias_of(const Array& array, std::int64_t outputs) {
  const auto count = static_cast<std::int64_t>(array.values.size());
  const bool row = count == outputs && (array.dims.empty() || array.dims.back() == outputs);
  if (!row && count != 1) return std::nullopt;
  return Array{array.type,
               {outputs},
               row ? array.values : std::vector<double>(static_cast<std::size_t>(outputs), array.values[0])};
}

std::string scaled(Edit& edit, const std::string& name, double factor) {
  Array array = *edit.constant(name);
  for (double& value : array.values) value *= factor;
  return edit.add(std::move(array));
}

/// x W becomes Gemm with the matrix as (outputs, inputs), the way PyTorch keeps it.
bool make_gemm_of_product(Edit& edit, Node& node) {
  const Array* matrix = edit.constant(node.inputs[1]);
  if (matrix == nullptr || matrix->dims.size() != 2 || edit.dims(node.inputs[0]).size() != 2) return false;
  const std::string transposed = edit.emit(node, "Transpose", {node.inputs[1]}, {{"perm", Dims{1, 0}}});
  edit.become(node, "Gemm", {node.inputs[0], transposed}, {{"transB", std::int64_t{1}}});
  return true;
}

/// No factors, the matrix as (outputs, inputs), the bias a vector.
bool make_gemm_plain(Edit& edit, Node& node) {
  const Array* matrix = edit.constant(node.inputs[1]);
  if (matrix == nullptr || node.integer("transA", 0) != 0) return false;
  const double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  if (node.has_input(2) && edit.constant(node.inputs[2]) == nullptr) {  // what is added is a value too
    Attributes product = node.attributes;
    product.erase("beta");
    const std::string added = beta == 1 ? node.inputs[2] : edit.emit(node, "Mul", {node.inputs[2], edit.add(beta)});
    const std::string made = edit.emit(node, "Gemm", {node.inputs[0], node.inputs[1]}, product);
    edit.become(node, "Add", {made, added});
    return true;
  }
  const bool transposed = node.integer("transB", 0) != 0;
  const std::int64_t outputs = matrix->dims[transposed ? 0 : 1];
  Names inputs = node.inputs;
  if (node.has_input(2)) {
    const Array* given = edit.constant(inputs[2]);
    const auto bias = given != nullptr ? bias_of(*given, outputs) : std::nullopt;
    if (!bias) return false;
    if (given->dims.size() != 1 || static_cast<std::int64_t>(given->values.size()) != outputs)
      inputs[2] = edit.add(*bias);
    if (beta != 1) inputs[2] = scaled(edit, inputs[2], beta);
  }
  if (alpha != 1) inputs[1] = scaled(edit, inputs[1], alpha);
  if (!transposed) inputs[1] = edit.emit(node, "Transpose", {inputs[1]}, {{"perm", Dims{1, 0}}});
  if (inputs == node.inputs && transposed && alpha == 1 && beta == 1) return false;
  edit.become(node, "Gemm", inputs, {{"transB", std::int64_t{1}}});
  return true;
}

bool add_bias(Edit& edit, Node& node) {
  for (const std::size_t i : {0U, 1U}) {
    const Node* gemm = edit.maker(node.inputs[i], "Gemm");
    const Array* added = edit.constant(node.inputs[1 - i]);
    if (gemm == nullptr || added == nullptr || gemm->has_input(2) || !edit.read_once(node.inputs[i])) continue;
    const Dims& dims = edit.dims(node.outputs[0]);
    const auto bias = dims.size() == 2 ? bias_of(*added, dims[1]) : std::nullopt;
    if (!bias) continue;
    edit.become(node, "Gemm", {gemm->inputs[0], gemm->inputs[1], edit.add(*bias)}, gemm->attributes);
    return true;
  }
  return false;
}

}  // namespace

bool make_gemm(Edit& edit, Node& node) {
  if (!node.domain.empty()) return false;
  if (node.op == "MatMul") return make_gemm_of_product(edit, node);
  if (node.op == "Gemm") return make_gemm_plain(edit, node);
  return node.op == "Add" && add_bias(edit, node);
}

/// Rows of a sequence, multiplied and put together again, are a product along the last axis.
bool unroll_rows(Edit& edit, Node& node) {
  if (node.op != "Reshape") return false;
  const Node* gemm = edit.maker(node.inputs[0], "Gemm");
  const Node* rows = gemm != nullptr ? edit.maker(gemm->inputs[0], "Reshape") : nullptr;
  if (rows == nullptr || edit.constant(gemm->inputs[1]) == nullptr || gemm->integer("transB", 0) != 1) return false;
  const std::string x = rows->inputs[0];
  Dims expected = edit.dims(x);
  if (expected.size() < 3 || expected.back() != edit.dims(rows->outputs[0]).back()) return false;
  expected.back() = edit.dims(gemm->outputs[0]).back();
  if (edit.dims(node.outputs[0]) != expected) return false;
  const Names from = gemm->inputs;
  const std::string matrix = edit.emit(node, "Transpose", {from[1]}, {{"perm", Dims{1, 0}}});
  if (from.size() < 3 || from[2].empty()) return edit.become(node, "MatMul", {x, matrix}), true;
  const std::string product = edit.emit(node, "MatMul", {x, matrix});
  edit.become(node, "Add", {product, from[2]});
  return true;
}

}  // namespace tenon::importing
