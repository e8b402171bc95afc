#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "../interpret.hpp"
#include "kinds.hpp"
#include "passes.hpp"

/// Multi-head attention from its pieces. Files write it in many ways: one matrix for queries, keys and values or three,
/// heads cut by Reshape and Transpose before or behind the scale, batch and heads as one axis or two. So no form is
/// looked for. What matters is which number goes where: numbers that say their own place are moved as the file's nodes
/// move them, and the places say which row of a matrix makes which number of which head.
namespace tenon::importing {

namespace {

using Places = std::vector<std::size_t>;

/// What softmax gets from such a number is no part of a sum of floats any more.
constexpr double nothing_to_see = -1e4;

/// A value as numbers of another one, moved and multiplied.
struct Moved {
  std::string from;
  Places places;  // of each number of the value, where it is in `from`
  double scale = 1;
};

/// A value on its way back to where its numbers come from. Each step is a node that moves numbers or multiplies all of
/// them by one.
class Way {
public:
  Way(const Edit& edit, std::string value) : edit_(edit), value_(std::move(value)) {}

  const std::string& value() const { return value_; }
  const std::vector<const Node*>& nodes() const { return nodes_; }

  /// One node further back, of those that only turn or cut axes; false where it is another one.
  bool turn() { return step({"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Identity"}); }
  bool move() { return turn() || step({"Split", "Slice", "Gather"}); }
  bool scale() {
    const Node* node = edit_.maker(value_);
    if (node == nullptr || !is_any_of(node->op, {"Mul", "Div"})) return false;
    const std::size_t number = edit_.scalar(node->inputs[1]) ? 1 : 0;
    const auto factor = edit_.scalar(node->inputs[number]);
    const std::string& rest = node->inputs[1 - number];
    const bool divides = node->op == "Div";
    if (!factor || edit_.constant(rest) != nullptr || edit_.dims(rest) != edit_.dims(value_)) return false;
    if (divides && (number == 0 || *factor == 0)) return false;
    scale_ *= divides ? 1 / *factor : *factor;
    nodes_.push_back(node);
    value_ = rest;
    return true;
  }

  Moved moved() const {
    Array places{Type::int64, edit_.dims(value_), {}};
    places.values.resize(static_cast<std::size_t>(count_of(places.dims)));
    std::iota(places.values.begin(), places.values.end(), 0.0);
    for (auto link = links_.rbegin(); link != links_.rend(); ++link) {
      std::vector<const Array*> inputs{&places};
      const Names& names = link->first->inputs;
      for (std::size_t i = 1; i < names.size(); ++i)
        inputs.push_back(names[i].empty() ? nullptr : edit_.constant(names[i]));
      places = evaluate(*link->first, edit_.opset(), inputs).at(link->second);
    }
    return {value_, {places.values.begin(), places.values.end()}, scale_};
  }

private:
  bool step(std::initializer_list<std::string_view> ops) {
    const Node* node = edit_.maker(value_);
    if (node == nullptr || !node->domain.empty() || !is_any_of(node->op, ops)) return false;
    if (edit_.constant(node->inputs[0]) != nullptr) return false;
    for (std::size_t i = 1; i < node->inputs.size(); ++i)
      if (node->has_input(i) && edit_.constant(node->inputs[i]) == nullptr) return false;
    links_.emplace_back(node, std::ranges::find(node->outputs, value_) - node->outputs.begin());
    nodes_.push_back(node);
    value_ = node->inputs[0];
    return true;
  }

  const Edit& edit_;
  std::string value_;
  std::vector<std::pair<const Node*, std::size_t>> links_{};  // with the output that the way comes from
  std::vector<const Node*> nodes_{};
  double scale_ = 1;
};

/// y = x W + b along the last axis.
struct Projection {
  std::string x;
  const Array* weight = nullptr;
  bool outputs_first = false;  // the matrix is (outputs, inputs)
  std::vector<double> bias{};
  std::vector<const Node*> nodes{};

  std::size_t outputs() const { return size(outputs_first ? 0 : 1); }
  std::size_t inputs() const { return size(outputs_first ? 1 : 0); }
  double at(std::size_t output, std::size_t input) const {
    return weight->values[outputs_first ? output * inputs() + input : input * outputs() + output];
  }
  double bias_of(std::size_t output) const { return bias.empty() ? 0 : bias[bias.size() == 1 ? 0 : output]; }

private:
  std::size_t size(std::size_t axis) const { return static_cast<std::size_t>(weight->dims[axis]); }
};

bool set_bias(Projection& p, const Array* bias) {
  if (bias == nullptr) return false;
  const bool fits = bias->values.size() == 1 || (bias->values.size() == p.outputs() && !bias->dims.empty() &&
                                                 static_cast<std::size_t>(bias->dims.back()) == p.outputs());
  if (fits) p.bias = bias->values;
  return fits;
}

std::optional<Projection> projection(const Edit& edit, const std::string& value) {
  const Node* node = edit.maker(value);
  if (node == nullptr || !node->domain.empty()) return std::nullopt;
  if (node->op == "Add") {
    for (const std::size_t i : {0U, 1U}) {
      if (edit.constant(node->inputs[i]) == nullptr) continue;
      auto inner = projection(edit, node->inputs[1 - i]);
      if (!inner || !inner->bias.empty() || edit.dims(value) != edit.dims(node->inputs[1 - i]) ||
          !set_bias(*inner, edit.constant(node->inputs[i])))
        return std::nullopt;
      inner->nodes.push_back(node);
      return inner;
    }
    return std::nullopt;
  }
  const bool gemm = node->op == "Gemm";
  if (!gemm && node->op != "MatMul") return std::nullopt;
  if (gemm && (node->number("alpha", 1) != 1 || node->number("beta", 1) != 1 || node->integer("transA", 0) != 0))
    return std::nullopt;
  const Array* weight = edit.constant(node->inputs[1]);
  if (weight == nullptr || weight->dims.size() != 2 || edit.constant(node->inputs[0]) != nullptr) return std::nullopt;
  if (edit.dims(node->inputs[0]).size() < 2) return std::nullopt;
  Projection found{node->inputs[0], weight, gemm && node->integer("transB", 0) != 0, {}, {node}};
  if (node->has_input(2) && !set_bias(found, edit.constant(node->inputs[2]))) return std::nullopt;
  return found;
}

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
};

template <class At>
std::optional<Part> part_of(const Edit& edit, const std::string& value, std::size_t steps, const Sizes& sizes, At at,
                            std::vector<const Node*>& nodes) {
  Way way(edit, value);
  while (way.move() || way.scale()) {
  }
  auto made = projection(edit, way.value());
  if (!made || made->inputs() != sizes.width()) return std::nullopt;
  const Moved moved = way.moved();
  auto matrix = matrix_of(moved.places, made->outputs(), steps, sizes, at);
  if (!matrix) return std::nullopt;
  nodes.insert(nodes.end(), way.nodes().begin(), way.nodes().end());
  nodes.insert(nodes.end(), made->nodes.begin(), made->nodes.end());
  return Part{std::move(*made), std::move(*matrix), moved.scale};
}

/// Whether no other node reads what these nodes give, and none of it is an output.
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

Array matrix_of(const std::vector<const Part*>& parts, std::size_t width, Type type) {
  const auto w = static_cast<std::int64_t>(width);
  Array all{type, {static_cast<std::int64_t>(parts.size()) * w, w}, {}};
  for (const Part* part : parts)
    for (const std::size_t column : part->matrix.columns)
      for (std::size_t i = 0; i < width; ++i) all.values.push_back(part->made.at(column, i));
  return all;
}

/// The attention whose result is what a node gives, found on the way back from there.
class Attention {
public:
  Attention(Edit& edit, Node& node) : edit_(edit), node_(node) {}

  bool find() {
    return find_nodes() && find_sizes() && find_matrices() && find_sequences() && find_order() &&
           alone(edit_, nodes_, node_);
  }
  /// One node in its place. `anywhere`: where no value behind the attention has the axes of the sequence, it gets those
  /// of this node.
  bool write(bool anywhere);

private:
  /// The projection of the output, the sum of values, softmax, scores.
  bool find_nodes();
  bool find_sizes();
  /// Queries, keys and values: which matrix makes them, and which of its columns which head.
  bool find_matrices();
  /// What is looked at, and by what.
  bool find_sequences();
  /// Which number of the sum each one is that the last matrix reads, and which of its rows is which step.
  bool find_order();
  /// Whether the rows of the output are the steps, (sample, time) or (time, sample).
  bool rows_are_steps(bool time_second) const;

  void keep(const std::vector<const Node*>& more) { nodes_.insert(nodes_.end(), more.begin(), more.end()); }
  /// What belongs to a number of queries, values or the sum of values.
  auto place_in_rows(std::size_t steps) const {
    return [&sizes = sizes_, steps](std::size_t i) {
      const std::size_t row = i / sizes.depth, block = row / steps;
      return Place{block / sizes.heads, block % sizes.heads, row % steps, i % sizes.depth};
    };
  }
  /// The same of keys, which are transposed.
  auto place_in_columns() const {
    return [&sizes = sizes_](std::size_t i) {
      const std::size_t row = i / sizes.keys, block = row / sizes.depth;
      return Place{block / sizes.heads, block % sizes.heads, i % sizes.keys, row % sizes.depth};
    };
  }
  Names write_inputs();

  Edit& edit_;
  Node& node_;
  std::vector<const Node*> nodes_{};  // all but the last
  std::optional<Projection> out_{};
  std::optional<Scores> scores_{};
  const Node* sum_ = nullptr;
  Places output_rows_{};  // of the output, in what the last matrix gives
  Places heads_{};        // of what the last matrix reads, in the sum
  Sizes sizes_{};
  std::optional<Part> query_{}, key_{}, value_{};
  std::optional<Sequence> looks_{}, seen_{};
  std::optional<Matrix> joined_{};
  bool time_second_ = false;
};

bool Attention::find_nodes() {
  const std::string& y = node_.outputs[0];
  if (edit_.dims(y).size() < 2) return false;
  Way behind(edit_, y);
  while (behind.turn()) {
  }
  out_ = projection(edit_, behind.value());
  if (!out_ || out_->inputs() != out_->outputs()) return false;
  if (out_->bias.empty()) {  // its bias may come
    const auto& readers = edit_.readers(y);
    if (readers.size() == 1 && readers[0]->op == "Add" && projection(edit_, readers[0]->outputs[0])) return false;
  }
  Way together(edit_, out_->x);
  while (together.turn()) {
  }
  sum_ = edit_.maker(together.value(), "MatMul");
  if (sum_ == nullptr) return false;
  Way shares(edit_, sum_->inputs[0]);
  while (shares.turn()) {
  }
  const Node* softmax = edit_.maker(shares.value(), "Softmax");
  if (softmax == nullptr || !std::ranges::is_sorted(shares.moved().places)) return false;
  scores_ = scores_of(edit_, *softmax);
  if (!scores_) return false;
  keep(behind.nodes()), keep(out_->nodes), keep(together.nodes()), keep(shares.nodes()), keep(scores_->nodes);
  nodes_.push_back(sum_);
  output_rows_ = behind.moved().places;
  heads_ = together.moved().places;
  return true;
}

bool Attention::find_sizes() {
  const Dims q = edit_.dims(scores_->product->inputs[0]), k = edit_.dims(scores_->product->inputs[1]),
             v = edit_.dims(sum_->inputs[1]), p = edit_.dims(sum_->inputs[0]);
  if (q.size() < 3 || k.size() != q.size() || v.size() != p.size() || p.size() < 3) return false;
  const auto front = [](const Dims& dims) { return Dims(dims.begin(), dims.end() - 2); };
  if (front(q) != front(k) || front(v) != front(p)) return false;
  sizes_.queries = static_cast<std::size_t>(q[q.size() - 2]);
  sizes_.keys = static_cast<std::size_t>(k.back());
  sizes_.depth = static_cast<std::size_t>(q.back());
  const auto all = static_cast<std::size_t>(count_of(front(q))), width = out_->inputs();
  if (sizes_.queries < 2 || sizes_.keys < 2 || sizes_.depth == 0 || all == 0 || width % sizes_.depth != 0) return false;
  sizes_.heads = width / sizes_.depth;
  sizes_.samples = all / sizes_.heads;
  if (all % sizes_.heads != 0 || static_cast<std::size_t>(v.back()) != sizes_.depth || v[v.size() - 2] != k.back())
    return false;
  return sizes_.samples == 1 || edit_.is_batch(static_cast<std::int64_t>(sizes_.samples));
}

bool Attention::find_matrices() {
  const Names& product = scores_->product->inputs;
  query_ = part_of(edit_, product[0], sizes_.queries, sizes_, place_in_rows(sizes_.queries), nodes_);
  key_ = part_of(edit_, product[1], sizes_.keys, sizes_, place_in_columns(), nodes_);
  value_ = part_of(edit_, sum_->inputs[1], sizes_.keys, sizes_, place_in_rows(sizes_.keys), nodes_);
  if (!query_ || !key_ || !value_ || value_->scale != 1 || key_->matrix.rows != value_->matrix.rows) return false;
  const double scale = scores_->scale * query_->scale * key_->scale * std::sqrt(static_cast<double>(sizes_.depth));
  return std::abs(scale - 1) < 1e-6;
}

bool Attention::find_sequences() {
  const auto sequence = [&](const Part& part, std::size_t steps) {
    return sequence_of(edit_, part.made.x, part.matrix.rows, sizes_.samples, steps, sizes_.width());
  };
  seen_ = sequence(*key_, sizes_.keys);
  looks_ = sequence(*query_, sizes_.queries);
  const std::optional<Sequence> values = sequence(*value_, sizes_.keys);
  if (!seen_ || !values || !looks_ || seen_->value != values->value) return false;
  return looks_->value == seen_->value ? sizes_.queries == sizes_.keys : !scores_->causal;
}

bool Attention::find_order() {
  Places order(heads_.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[heads_[i]] = i;
  joined_ = matrix_of(order, sizes_.width(), sizes_.queries, sizes_, place_in_rows(sizes_.queries));
  if (!joined_) return false;
  // with one sample, or one step, both may hold: then as the sequence has it
  const bool first = rows_are_steps(false), second = rows_are_steps(true);
  time_second_ = second && (!first || looks_->time == 1);
  return first || second;
}

bool Attention::rows_are_steps(bool time_second) const {
  const std::size_t width = sizes_.width();
  for (std::size_t s = 0; s < sizes_.samples; ++s)
    for (std::size_t t = 0; t < sizes_.queries; ++t) {
      const std::size_t row = time_second ? s * sizes_.queries + t : t * sizes_.samples + s;
      for (std::size_t i = 0; i < width; ++i)
        if (output_rows_[row * width + i] != joined_->rows[s * sizes_.queries + t] * width + i) return false;
    }
  return true;
}

/// The sequence, the matrices of queries, keys and values as one, their bias, the last matrix and its bias, and what is
/// looked at where that is another sequence.
Names Attention::write_inputs() {
  const Type type = edit_.type(looks_->value);
  const std::size_t width = sizes_.width();
  const auto w = static_cast<std::int64_t>(width);
  const std::vector<const Part*> parts{&*query_, &*key_, &*value_};
  Array in_bias{type, {3 * w}, {}}, out_weight{type, {w, w}, {}}, out_bias{type, {w}, {}};
  for (const Part* part : parts)
    for (const std::size_t column : part->matrix.columns) in_bias.values.push_back(part->made.bias_of(column));
  for (std::size_t o = 0; o < width; ++o) {
    out_bias.values.push_back(out_->bias_of(o));
    for (const std::size_t column : joined_->columns) out_weight.values.push_back(out_->at(o, column));
  }
  Names inputs{looks_->value, edit_.add(matrix_of(parts, width, type)), edit_.add(std::move(in_bias)),
               edit_.add(std::move(out_weight)), edit_.add(std::move(out_bias))};
  if (looks_->value != seen_->value) inputs.push_back(seen_->value);
  return inputs;
}

bool Attention::write(bool anywhere) {
  const Dims x = edit_.dims(looks_->value), y = edit_.dims(node_.outputs[0]);
  const bool one = sizes_.samples == 1, fits = y == x && (one || time_second_ == (looks_->time == 1));
  if (!fits && (!anywhere || !one)) return false;
  const Attributes attributes{{"num_heads", static_cast<std::int64_t>(sizes_.heads)},
                              {"causal", std::int64_t{scores_->causal}},
                              {"time", looks_->time},
                              {"memory_time", seen_->time}};
  const Names inputs = write_inputs();
  if (fits) return edit_.become(node_, "MultiheadAttention", inputs, attributes), true;
  const std::string made = edit_.emit(node_, "MultiheadAttention", inputs, attributes);
  if (y.size() == 3 && x.size() == 3 && y[0] == x[1] && y[1] == x[0]) {
    edit_.become(node_, "Transpose", {made}, {{"perm", Dims{1, 0, 2}}});
  } else {
    Dims target = y;
    if (target[0] == x[0]) target[0] = 0;
    edit_.become(node_, "Reshape", {made, edit_.add(target)});
  }
  return true;
}

bool name_attention(Edit& edit, Node& node, bool anywhere) {
  if (!node.domain.empty() || !is_any_of(node.op, {"MatMul", "Gemm", "Add", "Reshape", "Transpose"})) return false;
  Attention attention(edit, node);
  return attention.find() && attention.write(anywhere);
}

}  // namespace

bool name_attention(Edit& edit, Node& node) { return name_attention(edit, node, false); }
bool name_attention_anywhere(Edit& edit, Node& node) { return name_attention(edit, node, true); }

}  // namespace tenon::importing
