#include "writer.hpp"

namespace tenon::importing {

namespace {

/// A recurrent layer of ONNX and Tenon's: which gate stands where.
struct Cell {
  const char* name;
  std::vector<std::size_t> gates;  // Tenon's order, by the place in ONNX's
  std::vector<std::string> functions;
};

/// Blocks of rows in another order.
Array in_order(const Array& a, std::size_t direction, std::size_t first_gate, const std::vector<std::size_t>& gates,
               std::size_t all_gates) {
  const auto rows = static_cast<std::size_t>(a.dims[1]) / all_gates;
  const std::size_t width = a.dims.size() > 2 ? static_cast<std::size_t>(a.dims[2]) : 1, block = rows * width;
  Array out{Type::float32, {static_cast<std::int64_t>(gates.size() * rows)}, {}};
  if (a.dims.size() > 2) out.dims.push_back(a.dims[2]);
  for (const std::size_t g : gates) {
    const auto from = a.values.begin() + static_cast<std::ptrdiff_t>((direction * all_gates + first_gate + g) * block);
    out.values.insert(out.values.end(), from, from + static_cast<std::ptrdiff_t>(block));
  }
  return out;
}

void check(Writer& w, const Cell& cell) {
  const std::string direction = w.node.text("direction", "forward");
  w.require(direction == "forward" || direction == "bidirectional", "direction = {}: layers read forward or both ways",
            direction);
  w.require(!w.node.has("clip"), "clips its sums");
  w.require(!w.has(4), "is given lengths of sequences; all have to be as long as the shape says");
  for (const std::size_t state : {5U, 6U})
    if (w.has(state)) w.require(all_equal(w.weight(state, "initial state"), 0), "begins with a state that is not zero");
  if (w.has(7)) w.weight(7, "P");
  w.require(w.node.integer("input_forget", 0) == 0, "couples input and forget gate");
  if (!w.node.has("activations")) return;
  const auto& names = std::get<std::vector<std::string>>(w.node.attributes.at("activations"));
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i];
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::string& usual = cell.functions[i % cell.functions.size()];
    w.require(name == usual || (w.node.op == "RNN" && name == "relu" && names.front() == names[i]),
              "has the function {} where the layer has {}", names[i], usual);
  }
}

void recurrent(Writer& w, const Cell& cell) {
  check(w, cell);
  const Array& input = w.weight(1, "W");
  const Array& state = w.weight(2, "R");
  const Array* bias = w.has(3) ? &w.weight(3, "B") : nullptr;
  const Array* const peepholes = w.has(7) ? &w.weight(7, "P") : nullptr;
  const std::size_t gates = cell.gates.size(), directions = static_cast<std::size_t>(input.dims[0]);
  const std::int64_t hidden = state.dims[2];
  const bool batch_first = w.node.integer("layout", 0) != 0;
  w.require(w.place(0).batch == (batch_first ? 0U : 1U),
            "the batch is axis {} of its input, but with layout = {} it has to be axis {}", w.place(0).batch,
            batch_first ? 1 : 0, batch_first ? 0 : 1);
  const Dims sequence = w.shape();

  std::vector<std::pair<std::string, Array>> weights;
  for (std::size_t d = 0; d < directions; ++d) {
    const char* end = d == 0 ? "_l0" : "_l0_reverse";
    weights.emplace_back(std::string("weight_ih") + end, in_order(input, d, 0, cell.gates, gates));
    weights.emplace_back(std::string("weight_hh") + end, in_order(state, d, 0, cell.gates, gates));
    if (bias != nullptr) {
      weights.emplace_back(std::string("bias_ih") + end, in_order(*bias, d, 0, cell.gates, 2 * gates));
      weights.emplace_back(std::string("bias_hh") + end, in_order(*bias, d, gates, cell.gates, 2 * gates));
    }
    if (peepholes != nullptr)  // of the gates i, o and f
      for (const auto& [name, gate] : {std::pair{"weight_ci", 0U}, {"weight_cf", 2U}, {"weight_co", 1U}})
        weights.emplace_back(std::string(name) + end, in_order(*peepholes, d, gate, {0}, 3));
  }
  std::string text = fmt::format("{}<{}", cell.name, hidden);
  if (w.node.op == "RNN" && w.node.has("activations") &&
      std::get<std::vector<std::string>>(w.node.attributes.at("activations")).front() != "Tanh")
    text += ", nonlinearity<ReLU>";
  if (w.node.op == "GRU" && w.node.integer("linear_before_reset", 0) == 0) text += ", linear_before_reset<false>";
  if (peepholes != nullptr) text += ", diagonal_peepholes";
  if (const double limit = w.node.number("cell_clip", 0); limit > 0)
    text += fmt::format(", cell_clip<{}>", static_cast<float>(limit));
  if (w.node.has("cell_scale")) text += ", litert_int8";
  if (directions == 2) text += ", bidirectional";
  if (bias == nullptr) text += ", bias<false>";

  w.require(!w.wanted(2), "gives its last memory, Y_c: layers keep it to themselves");
  const std::int64_t width = hidden * static_cast<std::int64_t>(directions);
  const bool both = w.wanted(0) && w.wanted(1);
  w.require(!both || directions == 1, "gives all states and the last ones of two directions");
  if (w.wanted(0)) {
    w.batch_at(batch_first ? 0 : 2);
    w.layer(text + ">", {sequence[0], width}, weights);
  }
  if (w.wanted(1)) {
    if (both) w.start(1, {w.node.outputs[0]}, {sequence[0], hidden});
    else w.start(1, {w.node.inputs[0]}, sequence);
    w.batch_at(batch_first ? 0 : 1);
    if (both) w.reshape({sequence[0], 1, hidden}), w.reshape({sequence[0], hidden}), w.layer("Last", {hidden});
    else w.layer(text + ", last>", {width}, weights);
  }
}

void lstm(Writer& w) { recurrent(w, {"LSTM", {0, 2, 3, 1}, {"sigmoid", "tanh", "tanh"}}); }
void gru(Writer& w) { recurrent(w, {"GRU", {1, 0, 2}, {"sigmoid", "tanh"}}); }
void rnn(Writer& w) { recurrent(w, {"RNN", {0}, {"tanh"}}); }

}  // namespace

void add_recurrent(LayerTable& table) { table.insert({{"LSTM", lstm}, {"GRU", gru}, {"RNN", rnn}}); }

}  // namespace tenon::importing
