#include <algorithm>

#include "../interpret.hpp"
#include "body.hpp"

namespace tenon::importing {

namespace {

constexpr std::int64_t largest_matrix = std::int64_t{1} << 22;

std::int64_t product_of(const Dims& dims, std::size_t from, std::size_t to) {
  return count_of({dims.begin() + static_cast<std::ptrdiff_t>(from), dims.begin() + static_cast<std::ptrdiff_t>(to)});
}

/// `rows` samples of these axes, in each of which another number is 1 and the others are 0.
Array units(std::int64_t rows, const Dims& dims) {
  Array all{Type::float32, {rows}, std::vector<double>(static_cast<std::size_t>(rows * count_of(dims)), 0)};
  all.dims.insert(all.dims.end(), dims.begin(), dims.end());
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    all.values[r * static_cast<std::size_t>(count_of(dims)) + r] = 1;
  return all;
}

/// What the operator makes of units is its matrix, (rows, what follows).
std::string matrix_of(Body& b, const Graph& graph, const Node& node, std::vector<const Array*> inputs) {
  const std::int64_t rows = inputs[0]->dims[0];
  Array made = evaluate(node, graph.opset, inputs).at(0);
  made.dims = {rows, count_of(made.dims) / rows};
  return b.add(std::move(made));
}

/// Copies of the first axes, then these.
Dims behind(std::size_t copies, const Dims& rest) {
  Dims all(copies, 0);
  all.insert(all.end(), rest.begin(), rest.end());
  return all;
}

/// The transform along an axis is a product with the sines and cosines, for real and imaginary parts together.
std::vector<Node> fourier(Body& b, const Graph& graph, const Node& node) {
  const Dims& in = b.dims(0);
  const Dims& out = *graph.values.at(node.outputs.at(0)).dims;
  if ((b.has(1) && b.constant(1) == nullptr) || (b.has(2) && b.constant(2) == nullptr)) return {};
  const auto rank = static_cast<std::int64_t>(in.size());
  std::int64_t axis = graph.opset < 20 ? node.integer("axis", 1)
                      : b.has(2)       ? static_cast<std::int64_t>(b.constant(2)->values.at(0))
                                       : -2;
  if (axis < 0) axis += rank;
  const auto at = static_cast<std::size_t>(axis);
  const std::int64_t numbers = in[at] * in.back();
  if (numbers * out[at] * out.back() > largest_matrix) return {};
  Node alone = node;
  alone.attributes["axis"] = std::int64_t{1};
  const Array all = units(numbers, {in[at], in.back()}), first{Type::int64, {}, {1}};
  const std::string matrix = matrix_of(b, graph, alone, {&all, b.constant(1), graph.opset < 20 ? nullptr : &first});
  Dims there, back(in.size());
  for (std::int64_t k = 0; k + 1 < rank; ++k)
    if (k != axis) there.push_back(k);
  there.push_back(axis);
  there.push_back(rank - 1);
  for (std::size_t k = 0; k < there.size(); ++k)
    back[static_cast<std::size_t>(there[k])] = static_cast<std::int64_t>(k);
  std::string x = b.add("Transpose", {b.input(0)}, {{"perm", there}});
  x = b.add("Reshape", {x, b.add(behind(in.size() - 2, {numbers}))});
  x = b.add("MatMul", {x, matrix});
  x = b.add("Reshape", {x, b.add(behind(in.size() - 2, {out[at], out.back()}))});
  b.give(0, b.add("Transpose", {x}, {{"perm", back}}));
  return b.take();
}

/// Of images and a constant grid, the same for all: each place is a mixture of pixels.
std::vector<Node> grid_sample(Body& b, const Graph& graph, const Node& node) {
  const Array* grid = b.constant(1);
  if (grid == nullptr) return {};
  const Dims& in = b.dims(0);
  const auto samples = static_cast<std::ptrdiff_t>(grid->dims[0]);
  const std::ptrdiff_t length = static_cast<std::ptrdiff_t>(grid->values.size()) / std::max<std::ptrdiff_t>(samples, 1);
  const auto first = grid->values.begin();
  for (std::ptrdiff_t s = 1; s < samples; ++s)
    if (!std::equal(first, first + length, first + s * length)) return {};
  Array own{grid->type, grid->dims, {first, first + length}};
  own.dims[0] = 1;
  const std::int64_t pixels = product_of(in, 2, in.size()), places = product_of(own.dims, 1, own.dims.size() - 1);
  if (samples == 0 || pixels * places > largest_matrix) return {};
  // every unit is a channel
  Array all = units(pixels, Dims(in.begin() + 2, in.end()));
  all.dims.insert(all.dims.begin(), 1);
  Array made = evaluate(node, graph.opset, {&all, &own}).at(0);
  made.dims = {pixels, places};
  const std::string flat = b.add("Reshape", {b.input(0), b.add(Dims{0, 0, pixels})});
  const std::string y = b.add("MatMul", {flat, b.add(std::move(made))});
  b.give(0, b.add("Reshape", {y, b.add(behind(2, {own.dims.begin() + 1, own.dims.end() - 1}))}));
  return b.take();
}

std::vector<Node> columns_to_image(Body& b, const Graph& graph, const Node& node) {
  const Array *image = b.constant(1), *block = b.constant(2);
  if (image == nullptr || block == nullptr) return {};
  const Dims& in = b.dims(0);
  const Dims out = *graph.values.at(node.outputs.at(0)).dims;
  const std::int64_t columns = in[1] / out[1] * in[2], pixels = product_of(out, 2, out.size());
  if (columns * pixels > largest_matrix) return {};
  const Array all = units(columns, {in[1] / out[1], in[2]});
  const std::string matrix = matrix_of(b, graph, node, {&all, image, block});
  const std::string flat = b.add("Reshape", {b.input(0), b.add(Dims{0, out[1], columns})});
  const std::string y = b.add("MatMul", {flat, matrix});
  b.give(0, b.add("Reshape", {y, b.add(behind(2, {out.begin() + 2, out.end()}))}));
  return b.take();
}

/// With constant offsets, the same for all images: the windows are mixtures of pixels, then the weights are a matrix.
std::vector<Node> deform_conv(Body& b, const Graph& graph, const Node& node) {
  const Array *weight = b.constant(1), *offsets = b.constant(2), *bias = b.constant(3), *mask = b.constant(4);
  if (weight == nullptr || offsets == nullptr || node.integer("group", 1) != 1 || offsets->dims[0] != 1) return {};
  if ((b.has(3) && bias == nullptr) || (b.has(4) && mask == nullptr)) return {};
  const Dims& in = b.dims(0);
  const Dims out = *graph.values.at(node.outputs.at(0)).dims;
  const std::int64_t pixels = in[2] * in[3], size = weight->dims[2] * weight->dims[3], places = out[2] * out[3],
                     groups = node.integer("offset_group", 1), channels = in[1] / groups;
  if (pixels * size * places > largest_matrix) return {};
  // every pixel is a channel, and every one of them has a kernel for each number of a window
  Array all = units(pixels, {in[2], in[3]}), kernels = units(size, {weight->dims[2], weight->dims[3]});
  all.dims.insert(all.dims.begin(), 1);
  const std::vector<double> once = kernels.values;
  kernels.values.clear();
  for (std::int64_t p = 0; p < pixels; ++p) kernels.values.insert(kernels.values.end(), once.begin(), once.end());
  kernels.dims = {pixels * size, 1, weight->dims[2], weight->dims[3]};
  Node alone = node;
  alone.attributes["group"] = pixels;
  alone.attributes["offset_group"] = std::int64_t{1};
  const auto share = [&](const Array& a, std::int64_t g) {
    Array part{a.type, a.dims, {}};
    part.dims[1] /= groups;
    const auto length = static_cast<std::ptrdiff_t>(a.values.size()) / static_cast<std::ptrdiff_t>(groups);
    part.values.assign(a.values.begin() + g * length, a.values.begin() + (g + 1) * length);
    return part;
  };
  Names windows;
  for (std::int64_t g = 0; g < groups; ++g) {
    const Array own = share(*offsets, g), kept = mask != nullptr ? share(*mask, g) : Array{};
    Array made = evaluate(alone, graph.opset, {&all, &kernels, &own, nullptr, mask != nullptr ? &kept : nullptr}).at(0);
    made.dims = {pixels, size * places};
    std::string x = b.input(0);
    if (groups > 1) x = b.add("Slice", {x, b.add(Dims{g * channels}), b.add(Dims{(g + 1) * channels}), b.add(Dims{1})});
    x = b.add("Reshape", {x, b.add(Dims{0, 0, pixels})});
    x = b.add("MatMul", {x, b.add(std::move(made))});
    windows.push_back(b.add("Reshape", {x, b.add(Dims{0, channels * size, places})}));
  }
  const std::string all_windows = groups > 1 ? b.add("Concat", windows, {{"axis", std::int64_t{1}}}) : windows[0];
  Array matrix{weight->type, {in[1] * size, out[1]}, std::vector<double>(weight->values.size())};
  for (std::size_t o = 0, rows = static_cast<std::size_t>(in[1] * size); o < static_cast<std::size_t>(out[1]); ++o)
    for (std::size_t k = 0; k < rows; ++k)
      matrix.values[k * static_cast<std::size_t>(out[1]) + o] = weight->values[o * rows + k];
  std::string y = b.add("Transpose", {all_windows}, {{"perm", Dims{0, 2, 1}}});
  y = b.add("MatMul", {y, b.add(std::move(matrix))});
  if (bias != nullptr) y = b.add("Add", {y, b.input(3)});
  y = b.add("Transpose", {y}, {{"perm", Dims{0, 2, 1}}});
  b.give(0, b.add("Reshape", {y, b.add(Dims{0, 0, out[2], out[3]})}));
  return b.take();
}

}  // namespace

std::vector<Node> expand_linear(Graph& graph, const Node& node) {
  Body b(graph, node);
  if (b.constant(0) != nullptr) return {};
  if (node.op == "DFT") return fourier(b, graph, node);
  if (node.op == "GridSample") return grid_sample(b, graph, node);
  if (node.op == "DeformConv") return deform_conv(b, graph, node);
  return columns_to_image(b, graph, node);
}

std::vector<Node> expanded(Graph& graph, const Node& node) {
  if (!node.domain.empty()) return {};
  if (node.op == "Attention") return expand_attention(graph, node);
  if (node.op == "Einsum") return expand_einsum(graph, node);
  if (node.op == "RotaryEmbedding") return expand_rotary_embedding(graph, node);
  for (const char* op : {"DFT", "GridSample", "Col2Im", "DeformConv"})
    if (node.op == op) return expand_linear(graph, node);
  return {};
}

}  // namespace tenon::importing
