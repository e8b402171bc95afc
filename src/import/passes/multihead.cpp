#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "../interpret.hpp"
#include "kinds.hpp"
#include "multihead_pieces.hpp"
#include "passes.hpp"

/// Multi-head attention from its pieces. Files write it in many ways: one matrix for queries, keys and values or three,
/// heads cut by Reshape and Transpose before or behind the scale, batch and heads as one axis or two. So no form is
/// looked for. What matters is which number goes where: numbers that say their own place are moved as the file's nodes
/// move them, and the places tell which row of a matrix makes which number of which head.
namespace tenon::importing {

namespace {

/// What softmax gets from such a number is no part of a sum of floats any more.
constexpr double nothing_to_see = -1e4;

/// How many samples, heads, steps that look, steps that are looked at, and numbers of a head.
struct Sizes {
  std::size_t samples = 0, heads = 0, queries = 0, keys = 0, depth = 0;
  std::size_t width() const { return heads * depth; }
};

/// Where steps and the numbers of a step are, as rows and columns.
struct Matrix {
  Places rows, columns;  // of step (sample, time), of number (head, place in it)
};

/// Rows and columns of a value whose number k belongs to sample, head, step and place by `at(k)`; none where they do
/// not keep apart.
template <class At>
std::optional<Matrix> matrix_of(const Places& places, std::size_t width, std::size_t steps, const Sizes& sizes, At at) {
  constexpr auto unknown = static_cast<std::size_t>(-1);
  Matrix m{Places(sizes.samples * steps, unknown), Places(sizes.width(), unknown)};
  for (std::size_t k = 0; k < places.size(); ++k) {
    const auto [sample, head, step, place] = at(k);
    std::size_t &row = m.rows[sample * steps + step], &column = m.columns[head * sizes.depth + place];
    if (row == unknown) row = places[k] / width;
    if (column == unknown) column = places[k] % width;
    if (row != places[k] / width || column != places[k] % width) return std::nullopt;
  }
  return m;
}

struct Place {
  std::size_t sample, head, step, number;
};

/// A sequence that the rows of a matrix are steps of.
struct Sequence {
  std::string value;
  std::int64_t time = 0;  // its axis
};

/// The value furthest back that holds these rows as a sequence: (samples, time, width), (time, samples, width), or
/// (time, width).
std::optional<Sequence> sequence_of(const Edit& edit, const std::string& value, const Places& rows, std::size_t samples,
                                    std::size_t steps, std::size_t width) {
  std::optional<Sequence> found;
  Way way(edit, value);
  do {
    const Dims& dims = edit.dims(way.value());
    const auto b = static_cast<std::int64_t>(samples), t = static_cast<std::int64_t>(steps),
               w = static_cast<std::int64_t>(width);
    const bool second = dims == Dims{b, t, w}, first = dims == Dims{t, b, w},
               alone = samples == 1 && dims == Dims{t, w};
    if (!first && !second && !alone) continue;
    const Places places = way.moved().places;
    const auto holds = [&](bool time_second) {
      for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t k = 0; k < steps; ++k) {
          const std::size_t row = time_second ? s * steps + k : k * samples + s;
          for (std::size_t i = 0; i < width; ++i)
            if (places[rows[s * steps + k] * width + i] != row * width + i) return false;
        }
      return true;
    };
    if (second && holds(true)) found = Sequence{way.value(), 1};
    else if ((first || alone) && holds(false)) found = Sequence{way.value(), 0};
  } while (way.turn());
  return found;
}

/// Softmax of scores, which are a product of two values.
struct Scores {
  const Node* product = nullptr;
  double scale = 1;
  bool causal = false;
  std::vector<const Node*> nodes{};
};

/// 0 where a key is seen, less than `nothing_to_see` where it is not; with what it is put on.
std::optional<std::pair<Array, std::string>> mask_of(const Edit& edit, const Node& node) {
  if (node.op == "Add")
    for (const std::size_t i : {0U, 1U})
      if (const Array* mask = edit.constant(node.inputs[i])) return std::pair{*mask, node.inputs[1 - i]};
  if (node.op != "Where" || edit.constant(node.inputs[0]) == nullptr) return std::nullopt;
  for (const std::size_t i : {1U, 2U}) {
    const Array* hidden = edit.constant(node.inputs[i]);
    if (hidden == nullptr) continue;
    if (std::ranges::any_of(hidden->values, [](double v) { return !(v <= nothing_to_see); })) return std::nullopt;
    const Array zero{hidden->type, {}, {0}};
    std::vector<const Array*> inputs{edit.constant(node.inputs[0]), &zero, &zero};
    inputs[i] = hidden;
    return std::pair{evaluate(node, edit.opset(), inputs).at(0), node.inputs[3 - i]};
  }
  return std::nullopt;
}

/// Does a mask hide what comes later, and nothing else? None where it does something else.
std::optional<bool> hides_later(const Edit& edit, const Array& mask, const Dims& scores) {
  const Array shape{Type::int64, {static_cast<std::int64_t>(scores.size())}, {scores.begin(), scores.end()}};
  if (mask.dims.size() > scores.size()) return std::nullopt;
  const Array all = evaluate({{}, "Expand", {}, {"mask", "shape"}, {"all"}}, edit.opset(), {&mask, &shape}).at(0);
  if (all.dims != scores) return std::nullopt;
  const auto keys = static_cast<std::size_t>(scores.back()),
             queries = static_cast<std::size_t>(scores[scores.size() - 2]);
  bool none = true, later = true;
  for (std::size_t k = 0; k < all.values.size(); ++k) {
    const bool is_later = k % keys > k / keys % queries, hidden = all.values[k] <= nothing_to_see;
    if (!hidden && all.values[k] != 0) return std::nullopt;
    none = none && !hidden;
    later = later && hidden == is_later;
  }
  if (!none && !later) return std::nullopt;
  return !none;
}

std::optional<Scores> scores_of(const Edit& edit, const Node& softmax) {
  const Dims& dims = edit.dims(softmax.inputs[0]);
  const auto rank = static_cast<std::int64_t>(dims.size());
  const std::int64_t axis = softmax.integer("axis", edit.opset() < 13 ? 1 : -1);
  if (rank < 3 || (axis < 0 ? axis + rank : axis) != rank - 1) return std::nullopt;
  Scores found;
  found.nodes.push_back(&softmax);
  bool masked = false;
  for (std::string value = softmax.inputs[0];;) {
    Way way(edit, value);
    while (way.turn() || way.scale()) {
    }
    const Moved moved = way.moved();  // a Reshape may count samples and heads together
    if (!std::ranges::is_sorted(moved.places)) return std::nullopt;
    found.scale *= moved.scale;
    found.nodes.insert(found.nodes.end(), way.nodes().begin(), way.nodes().end());
    const Node* node = edit.maker(moved.from);
    if (node == nullptr || !node->domain.empty()) return std::nullopt;
    found.nodes.push_back(node);
    if (node->op == "MatMul") {
      found.product = node;
      return found.scale > 0 ? std::optional(found) : std::nullopt;
    }
    const auto mask = masked ? std::nullopt : mask_of(edit, *node);
    const Dims& at = edit.dims(moved.from);
    if (!mask || edit.dims(mask->second) != at || at.size() < 2 || at.back() != dims.back()) return std::nullopt;
    // what is multiplied behind the mask would have to be as large as it was
    if (found.scale != 1 || edit.constant(mask->second) != nullptr) return std::nullopt;
    const auto later = hides_later(edit, mask->first, at);
    if (!later || at[at.size() - 2] != dims[dims.size() - 2]) return std::nullopt;
    found.causal = *later;
    masked = true;
    value = mask->second;
  }
}

/// The matrices of queries, keys and values: what is multiplied, and where its rows and columns are.
struct Part {
  Projection made;
  Matrix matrix;
  double scale = 1;
  std::optional<Int8Rounding> rounding{};
};

template <class At>
std::optional<Part> part_of(const Edit& edit, const std::string& value, std::size_t steps, const Sizes& sizes, At at,
                            std::vector<const Node*>& nodes) {
  Way way(edit, value);
  while (way.move() || way.scale() || way.round()) {
  }
  auto made = projection(edit, way.value());
  if (!made || made->inputs() != sizes.width()) return std::nullopt;
  const Moved moved = way.moved();
  auto matrix = matrix_of(moved.places, made->outputs(), steps, sizes, at);
  if (!matrix) return std::nullopt;
  nodes.insert(nodes.end(), way.nodes().begin(), way.nodes().end());
  nodes.insert(nodes.end(), made->nodes.begin(), made->nodes.end());
  return Part{std::move(*made), std::move(*matrix), moved.scale, way.rounding()};
}

/// Does nobody else read what these nodes give?
bool alone(const Edit& edit, const std::vector<const Node*>& nodes, const Node& last) {
  std::set<const Node*> inside(nodes.begin(), nodes.end());
  inside.insert(&last);
  for (const Node* node : inside)
    for (const std::string& value : node->outputs) {
      if (node == &last || value.empty()) continue;
      if (edit.is_output(value)) return false;
      if (std::ranges::any_of(edit.readers(value), [&](const Node* reader) { return !inside.contains(reader); }))
        return false;
    }
  return true;
}

/// Some rows of a matrix, each with its bias, in that order and with that order of columns.
struct Rows {
  const Projection* from;
  Places rows, columns;
};

/// Matrices below one another, and their biases, as two values. Integers stay integers, with a scale for each row.
std::pair<std::string, std::string> joined(Edit& edit, Node& node, const std::vector<Rows>& all, Type type) {
  const bool integers = all[0].from->weight.scale != nullptr;
  bool whole_biases = integers;
  for (const Rows& part : all) whole_biases = whole_biases && part.from->bias.numbers != nullptr;
  Array matrix{integers ? Type::int8 : type, {0, static_cast<std::int64_t>(all[0].columns.size())}, {}},
      bias{whole_biases ? Type::int32 : type, {0}, {}}, scales{Type::float32, {0}, {}}, bias_scales = scales;
  for (const Rows& part : all)
    for (const std::size_t row : part.rows) {
      const Projection& from = *part.from;
      for (const std::size_t column : part.columns) matrix.values.push_back(from.at(row, column));
      const double unit = integers && from.bias.numbers != nullptr ? from.bias.scale_of(row) : 1;
      bias.values.push_back(from.bias_of(row) * (whole_biases ? 1 : unit));
      scales.values.push_back(integers ? from.weight.scale_of(row) : 1);
      bias_scales.values.push_back(unit);
    }
  for (Array* rows : {&matrix, &bias, &scales, &bias_scales})
    rows->dims[0] = static_cast<std::int64_t>(bias.values.size());
  const auto real = [&](Array numbers, Array scale, bool is) {
    std::string name = edit.add(std::move(numbers));
    if (!is) return name;
    return edit.emit(node, "DequantizeLinear", {name, edit.add(std::move(scale))}, {{"axis", std::int64_t{0}}});
  };
  return {real(std::move(matrix), std::move(scales), integers),
          real(std::move(bias), std::move(bias_scales), whole_biases)};
}

/// `anywhere`: where no value behind the attention has the axes of the sequence, it gets those of this node.
bool name_attention(Edit& edit, Node& node, bool anywhere) {
  if (!node.domain.empty() || !is_any_of(node.op, {"MatMul", "Gemm", "Add", "Reshape", "Transpose"})) return false;
  std::vector<const Node*> nodes;
  const auto keep = [&](const auto& more) { nodes.insert(nodes.end(), more.begin(), more.end()); };
  const std::string& y = node.outputs[0];
  if (edit.dims(y).size() < 2) return false;

  // back from the output: its projection, the sum of values, softmax, scores
  Way behind(edit, y);
  while (behind.turn()) {
  }
  const auto out = projection(edit, behind.value());
  if (!out || out->inputs() != out->outputs()) return false;
  if (out->bias.numbers == nullptr) {  // its bias may come
    const auto& readers = edit.readers(y);
    if (readers.size() == 1 && readers[0]->op == "Add" && projection(edit, readers[0]->outputs[0])) return false;
  }
  Way together(edit, out->x);
  while (together.turn() || together.round()) {
  }
  const Node* sum = edit.maker(together.value(), "MatMul");
  if (sum == nullptr) return false;
  Way shares(edit, sum->inputs[0]);
  while (shares.turn()) {
  }
  const Node* softmax = edit.maker(shares.value(), "Softmax");
  if (softmax == nullptr || !std::ranges::is_sorted(shares.moved().places)) return false;
  const auto scores = scores_of(edit, *softmax);
  if (!scores) return false;
  keep(behind.nodes()), keep(out->nodes), keep(together.nodes()), keep(shares.nodes()), keep(scores->nodes);
  nodes.push_back(sum);

  // sizes
  const Dims q = edit.dims(scores->product->inputs[0]), k = edit.dims(scores->product->inputs[1]),
             v = edit.dims(sum->inputs[1]), p = edit.dims(sum->inputs[0]);
  if (q.size() < 3 || k.size() != q.size() || v.size() != p.size() || p.size() < 3) return false;
  const auto front = [](const Dims& dims) { return Dims(dims.begin(), dims.end() - 2); };
  if (front(q) != front(k) || front(v) != front(p)) return false;
  Sizes sizes;
  sizes.queries = static_cast<std::size_t>(q[q.size() - 2]);
  sizes.keys = static_cast<std::size_t>(k.back());
  sizes.depth = static_cast<std::size_t>(q.back());
  const auto all = static_cast<std::size_t>(count_of(front(q))), width = out->inputs();
  if (sizes.queries < 2 || sizes.keys < 2 || sizes.depth == 0 || all == 0 || width % sizes.depth != 0) return false;
  sizes.heads = width / sizes.depth;
  sizes.samples = all / sizes.heads;
  if (all % sizes.heads != 0 || static_cast<std::size_t>(v.back()) != sizes.depth || v[v.size() - 2] != k.back())
    return false;
  if (sizes.samples != 1 && !edit.is_batch(static_cast<std::int64_t>(sizes.samples))) return false;

  // (sample, head, step, number) of the places in a product
  const auto rows_of = [&](std::size_t steps) {
    return [&sizes, steps](std::size_t i) {
      const std::size_t row = i / sizes.depth, block = row / steps;
      return Place{block / sizes.heads, block % sizes.heads, row % steps, i % sizes.depth};
    };
  };
  const auto columns = [&](std::size_t i) {
    const std::size_t row = i / sizes.keys, block = row / sizes.depth;
    return Place{block / sizes.heads, block % sizes.heads, i % sizes.keys, row % sizes.depth};
  };
  const auto query = part_of(edit, scores->product->inputs[0], sizes.queries, sizes, rows_of(sizes.queries), nodes);
  const auto key = part_of(edit, scores->product->inputs[1], sizes.keys, sizes, columns, nodes);
  const auto value = part_of(edit, sum->inputs[1], sizes.keys, sizes, rows_of(sizes.keys), nodes);
  if (!query || !key || !value || value->scale != 1 || key->matrix.rows != value->matrix.rows) return false;
  // all in int8, or nothing
  const std::vector<const Part*> parts{&*query, &*key, &*value};
  const bool integers = out->weight.scale != nullptr;
  if (together.rounding().has_value() != integers) return false;
  for (const Part* part : parts)
    if ((part->made.weight.scale != nullptr) != integers || part->rounding.has_value() != integers) return false;
  const double scale = scores->scale * query->scale * key->scale * std::sqrt(static_cast<double>(sizes.depth));
  if (!(std::abs(scale - 1) < 1e-6)) return false;

  // the sequences
  const auto seen = sequence_of(edit, key->made.x, key->matrix.rows, sizes.samples, sizes.keys, width),
             also = sequence_of(edit, value->made.x, value->matrix.rows, sizes.samples, sizes.keys, width),
             looks = sequence_of(edit, query->made.x, query->matrix.rows, sizes.samples, sizes.queries, width);
  if (!seen || !also || !looks || seen->value != also->value) return false;
  const bool itself = looks->value == seen->value;
  if ((itself && sizes.queries != sizes.keys) || (!itself && scores->causal)) return false;

  // what is written: which number of the sum each one that the last matrix reads is
  const Moved heads = together.moved();
  Places order(heads.places.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[heads.places[i]] = i;
  const auto joined_heads = matrix_of(order, width, sizes.queries, sizes, rows_of(sizes.queries));
  if (!joined_heads) return false;
  const Dims& x = edit.dims(looks->value);
  const Places rows = behind.moved().places;  // of the output, in what the last matrix gives
  std::optional<bool> time_second;
  for (const bool second : {true, false}) {
    bool holds = true;
    for (std::size_t s = 0; s < sizes.samples && holds; ++s)
      for (std::size_t t = 0; t < sizes.queries && holds; ++t) {
        const std::size_t row = second ? s * sizes.queries + t : t * sizes.samples + s;
        for (std::size_t i = 0; i < width; ++i)
          holds = holds && rows[row * width + i] == joined_heads->rows[s * sizes.queries + t] * width + i;
      }
    if (holds && (!time_second || second == (looks->time == 1))) time_second = second;
  }
  if (!time_second || !alone(edit, nodes, node)) return false;
  const bool one = sizes.samples == 1, fits = edit.dims(y) == x && (one || *time_second == (looks->time == 1));
  if (!fits && (!anywhere || !one)) return false;

  const Type type = edit.type(looks->value);
  std::vector<Rows> first;
  Places in_order(width);
  std::iota(in_order.begin(), in_order.end(), std::size_t{0});
  for (const Part* part : parts) first.push_back({&part->made, part->matrix.columns, in_order});
  const auto [in_weight, in_bias] = joined(edit, node, first, type);
  const auto [out_weight, out_bias] = joined(edit, node, {{&*out, in_order, joined_heads->columns}}, type);
  Names inputs{looks->value, in_weight, in_bias, out_weight, out_bias};
  if (!itself) inputs.push_back(seen->value);
  Attributes attributes{{"num_heads", static_cast<std::int64_t>(sizes.heads)},
                        {"causal", std::int64_t{scores->causal}},
                        {"time", looks->time},
                        {"memory_time", seen->time}};
  if (integers) {
    std::vector<double> rounding;
    for (const Int8Rounding& each : {*query->rounding, *key->rounding, *value->rounding, *together.rounding()})
      rounding.insert(rounding.end(), {each.scale, each.zero});
    attributes["rounding"] = std::move(rounding);
  }
  if (fits) return edit.become(node, "MultiheadAttention", inputs, attributes), true;
  const Dims own = edit.dims(y);
  std::string made = edit.emit(node, "MultiheadAttention", inputs, attributes);
  if (own.size() == 3 && x.size() == 3 && own[0] == x[1] && own[1] == x[0]) {
    edit.become(node, "Transpose", {made}, {{"perm", Dims{1, 0, 2}}});
  } else {
    Dims target = own;
    if (target[0] == x[0]) target[0] = 0;
    edit.become(node, "Reshape", {made, edit.add(target)});
  }
  return true;
}

}  // namespace

bool name_attention(Edit& edit, Node& node) { return name_attention(edit, node, false); }
bool name_attention_anywhere(Edit& edit, Node& node) { return name_attention(edit, node, true); }

}  // namespace tenon::importing
