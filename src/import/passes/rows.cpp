#include <algorithm>
#include <numeric>

#include "../interpret.hpp"
#include "kinds.hpp"
#include "passes.hpp"
#include "permutation.hpp"

namespace tenon::importing {

namespace {

/// Where the numbers of a sample that a Transpose gives lie in what it reads: place i of the latter is place result[i].
std::vector<std::size_t> places_behind(const Dims& transposed, const Dims& perm) {
  Array places{Type::int64, transposed, {}};
  places.dims[0] = 1;
  places.values.resize(static_cast<std::size_t>(count_of(places.dims)));
  std::iota(places.values.begin(), places.values.end(), 0.0);
  const std::vector<Array> permuted = evaluate({{}, "Transpose", {}, {}, {}, {{"perm", inverse(perm)}}}, 17, {&places});
  return {permuted[0].values.begin(), permuted[0].values.end()};
}

/// A matrix with its rows, or its columns, in another order.
Array ordered(const Array& matrix, bool columns, const std::vector<std::size_t>& order) {
  const auto width = static_cast<std::size_t>(matrix.dims[1]);
  Array result = matrix;
  for (std::size_t i = 0; i < matrix.values.size(); ++i) {
    const std::size_t r = i / width, c = i % width;
    result.values[i] = matrix.values[columns ? r * width + order[c] : order[r] * width + c];
  }
  return result;
}

/// The matrix may be quantised, with a scale for all numbers or for each output.
std::string ordered_matrix(Edit& edit, Node& node, bool columns, const std::vector<std::size_t>& order) {
  const Node* scaled = edit.maker(node.inputs[1], "DequantizeLinear");
  const std::string name = scaled != nullptr ? scaled->inputs[0] : node.inputs[1];
  const Array* matrix = edit.constant(name);
  if (matrix == nullptr || matrix->dims.size() != 2 ||
      static_cast<std::size_t>(matrix->dims[columns ? 1 : 0]) != order.size())
    return {};
  if (scaled == nullptr) return edit.add(ordered(*matrix, columns, order));
  if (!edit.scalar(scaled->inputs[1]) && scaled->integer("axis", 1) == (columns ? 1 : 0)) return {};
  Node copy = *scaled;
  copy.inputs[0] = edit.add(ordered(*matrix, columns, order));
  return edit.emit(node, copy, 1)[0];
}

bool keeps_order(const Node& node) { return is_unary(node) || quantizes(node); }

}  // namespace

/// A product with all numbers of an image, pixel by pixel, is one with them channel by channel if the matrix has its
/// rows so.
bool order_rows(Edit& edit, Node& node) {
  const bool gemm = node.op == "Gemm";
  if ((!gemm && node.op != "MatMul") || !node.domain.empty() || node.integer("transA", 0) != 0) return false;
  std::vector<const Node*> chain;
  const Node* above = edit.maker(node.inputs[0]);
  for (; above != nullptr && keeps_order(*above); above = edit.maker(above->inputs[0])) chain.push_back(above);
  if (above == nullptr || above->op != "Reshape") return false;
  const Node* transpose = edit.maker(above->inputs[0], "Transpose");
  if (transpose == nullptr) return false;
  const Dims dims = edit.dims(transpose->outputs[0]), flat = edit.dims(above->outputs[0]),
             perm = perm_of(*transpose, dims.size());
  if (perm[0] != 0 || flat.size() != 2 || flat[0] != dims[0]) return false;
  const std::string x = transpose->inputs[0];
  for (const Node* link : chain)
    if (quantizes(*link) && !edit.scalar(link->inputs[1])) return false;
  Names inputs = node.inputs;
  inputs[1] = ordered_matrix(edit, node, gemm && node.integer("transB", 0) != 0, places_behind(dims, perm));
  if (inputs[1].empty()) return false;
  inputs[0] = edit.emit(node, "Reshape", {x, edit.add(Dims{0, flat[1]})});
  for (auto link = chain.rbegin(); link != chain.rend(); ++link) {
    Node copy = **link;
    copy.inputs[0] = inputs[0];
    inputs[0] = edit.emit(node, copy, 1)[0];
  }
  edit.become(node, node.op, inputs, Attributes(node.attributes));
  return true;
}

}  // namespace tenon::importing
