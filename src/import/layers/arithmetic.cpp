#include "writer.hpp"

namespace tenon::importing {

namespace {

/// How an operator of two values is written: as a formula with a constant, and as a layer of two values.
struct Two {
  const char* with_constant;   // "x * {}"
  const char* constant_first;  // "{} / x"
  const char* parameter;       // what a constant that is not alike everywhere is called and starts as
  double neutral;              // a constant that changes nothing on the right
  const char* layer;
};

const std::map<std::string, Two>& two_table() {
  static const std::map<std::string, Two> table{
      {"Add", {"x + {}", "{} + x", R"(param<"bias", PerFeature>)", 0, "Add<>"}},
      {"Sub", {"x - {}", "{} - x", R"(param<"bias", PerFeature>)", 0, "Subtract"}},
      {"Mul", {"x * {}", "{} * x", R"(param<"weight", PerFeature, Ones>)", 1, "Multiply"}},
      {"Div", {"x / {}", "{} / x", R"(param<"weight", PerFeature, Ones>)", 1, "Divide"}},
      {"Max", {"max(x, {})", "max(x, {})", R"(param<"least", PerFeature>)", -INFINITY, "Maximum"}},
      {"Min", {"min(x, {})", "min(x, {})", R"(param<"most", PerFeature>)", INFINITY, "Minimum"}},
      {"Pow", {"pow(x, {})", "pow({}, x)", R"(param<"power", PerFeature, Ones>)", 1, ""}}};
  return table;
}

bool alike(const Array& a) { return !a.values.empty() && all_equal(a, a.values[0]); }

/// One value and one constant.
void with_constant(Writer& w, const Two& two, std::size_t value) {
  const std::size_t other = 1 - value;
  const Array& c = w.weight(other, "operand");
  const Dims& out = w.result();
  w.require(out == w.place(value).dims, "repeats its input of {} to {}: no layer does", list_text(w.place(value).dims),
            list_text(out));
  const bool first = other == 0;
  const std::string& op = w.node.op;
  // x W and then + b: a bias of Dense even where its numbers are one, or one number
  const Node* product = w.producer(value);
  const bool bias = op == "Add" && product != nullptr && product->op == "MatMul" && !c.dims.empty() &&
                    count_of(c.dims) == w.shape().back();
  if (alike(c) && !bias) {
    const double v = c.values[0];
    if (!first && v == two.neutral) return;
    if (first && (op == "Add" || op == "Mul") && v == two.neutral) return;
    if (op == "Mul" && v == 0) w.refuse("multiplies by 0");
    if (op == "Max" && v == 0) w.layer("ReLU", w.shape());
    else if (op == "Pow" && !first && v == 2) w.formula("x * x");
    else if (op == "Pow" && !first && v == 0.5) w.formula("sqrt(x)");
    else if (op == "Sub" && first && v == 0) w.formula("-x");
    else if (v < 0 && !first && (op == "Add" || op == "Sub"))
      w.formula(fmt::format("x {} {}", op == "Add" ? '-' : '+', number_text(-v)));
    else w.formula(fmt::format(fmt::runtime(first ? two.constant_first : two.with_constant), number_text(v)));
    return;
  }
  if (op == "Add" && !bias && w.shape().size() == 2 && count_of(c.dims) == count_of(w.shape())) {
    w.layer("LearnedPositionalEmbedding<>", w.shape(), {{"weight", reshaped(c, w.shape())}});
    return;
  }
  const std::string parameter = two.parameter, name = parameter.substr(7, parameter.find('"', 7) - 7);
  w.formula_of(fmt::format(fmt::runtime(first ? two.constant_first : two.with_constant), parameter), {{name, c}});
}

}  // namespace

std::size_t common_batch(const Writer& w, const std::vector<std::size_t>& inputs, const Dims& all) {
  const auto batch_of = [&](std::size_t i) {
    const Place& p = w.place(i);
    return p.batch == no_batch ? no_batch : p.batch + all.size() - p.dims.size();
  };
  const std::size_t batch = batch_of(inputs.front());
  for (const std::size_t i : inputs)
    w.require(batch_of(i) == batch, "of {} and {}: the batch of one would meet another axis of the other",
              list_text(w.place(inputs.front()).dims), list_text(w.place(i).dims));
  return batch;
}

bool spreads(const Dims& own, const Dims& all) {
  if (count_of(own) == 1) return true;
  if (own == all) return true;
  if (own.size() != all.size() || own.size() > most_axes) return false;
  std::size_t first = own.size(), last = 0;
  for (std::size_t k = 0; k < own.size(); ++k)
    if (own[k] != 1) first = std::min(first, k), last = k;
  for (std::size_t k = first; k <= last; ++k)
    if (own[k] != all[k]) return false;
  return true;
}

std::string spread_value(Writer& w, std::size_t input, const Dims& sample, bool exactly) {
  const Dims own = w.sample(input);
  const std::string& name = w.node.inputs[input];
  Dims same_rank(sample.size() - std::min(sample.size(), own.size()), 1);
  same_rank.insert(same_rank.end(), own.begin(), own.end());
  const bool repeats = exactly ? same_rank != sample : !spreads(same_rank, sample);
  if (same_rank == own && !repeats) return name;
  return w.aside(name, own, [&] {
    w.reshape(same_rank);
    if (repeats) repeat_to(w, sample);
  });
}

namespace {

void of_values(Writer& w, const Two& two) {
  const auto inputs = w.values();
  const Dims all = w.result();
  const std::size_t batch = common_batch(w, inputs, all);
  const Dims sum = Place{all, batch}.sample();
  w.batch_at(batch);
  std::vector<std::string> reads;
  bool same_shape = true, same_value = true;
  for (const std::size_t i : inputs) {
    same_shape = same_shape && w.sample(i) == sum;
    same_value = same_value && w.node.inputs[i] == w.node.inputs[0];
  }
  const std::string& op = w.node.op;
  if (same_value && inputs.size() == 2 && (op == "Add" || op == "Mul")) {
    w.start(0, {w.node.inputs[0]}, sum);
    w.formula(op == "Add" ? "2 * x" : "x * x");
    return;
  }
  if (op == "Pow" || *two.layer == '\0') w.refuse("of two values: a layer knows the exponent");
  for (const std::size_t i : inputs) reads.push_back(spread_value(w, i, sum));
  std::string layer = two.layer;
  if (layer == "Add<>" && !same_shape) {  // a + b = a - (-b)
    w.require(inputs.size() == 2, "of {} values that are repeated: add two at a time", inputs.size());
    reads[1] = w.aside(reads[1], w.shape_of(reads[1]), [&] { w.formula("-x"); });
    layer = "Subtract";
  }
  w.start(0, reads, sum);
  w.layer(layer, sum);
}

void two(Writer& w) {
  const Two& t = two_table().at(w.node.op == "Sum" ? "Add" : w.node.op);
  const auto inputs = w.values();
  if (w.node.inputs.size() == 1) return;
  if (inputs.size() == w.node.inputs.size()) return of_values(w, t);
  w.require(w.node.inputs.size() == 2, "of several values and constants together");
  with_constant(w, t, inputs[0]);
}

void mean(Writer& w) {
  const Two t{"", "", "", 0, "Mean"};
  if (w.node.inputs.size() == 1) return;
  w.require(w.values().size() == w.node.inputs.size(), "of values and constants together");
  of_values(w, t);
}

void prelu(Writer& w) {
  const Array& slope = w.weight(1, "slope");
  if (alike(slope)) {
    w.layer("PReLU<>", w.shape(), {{"weight", {Type::float32, {1}, {slope.values[0]}}}});
    return;
  }
  w.formula_of(R"(select(x > 0, x, param<"weight", PerFeature, Constant<0.25>> * x))", {{"weight", slope}});
}

void concat(Writer& w) {
  const std::size_t axis = w.axis(w.node.integer("axis", 1));
  const Place result{w.result(), w.place(w.values()[0]).batch};
  Dims there, all = result.sample();  // the axis first, the others behind it
  for (std::size_t k = 0; k < all.size(); ++k)
    if (k != axis) there.push_back(static_cast<std::int64_t>(k));
  there.insert(there.begin(), static_cast<std::int64_t>(axis));
  std::vector<std::string> reads;
  for (std::size_t i = 0; i < w.node.inputs.size(); ++i) {
    if (!w.has(i) || (w.constant(i) != nullptr && count_of(w.constant(i)->dims) == 0)) continue;
    w.require(w.constant(i) == nullptr, "joins a constant, {}: Concat joins values", w.node.inputs[i]);
    reads.push_back(axis == 0 ? w.node.inputs[i] : w.aside(w.node.inputs[i], w.sample(i), [&] { w.permute(there); }));
  }
  Dims moved, back(all.size());
  for (std::size_t k = 0; k < all.size(); ++k) {
    moved.push_back(all[static_cast<std::size_t>(there[k])]);
    back[static_cast<std::size_t>(there[k])] = static_cast<std::int64_t>(k);
  }
  w.start(0, reads, moved);
  if (reads.size() > 1) w.layer("Concat<>", moved);
  w.permute(back);
}

}  // namespace

void add_arithmetic(LayerTable& table) {
  for (const auto& [op, how] : two_table()) table[op] = two;
  table.insert({{"Sum", two}, {"Mean", mean}, {"PRelu", prelu}, {"Concat", concat}});
}

}  // namespace tenon::importing
