#include <algorithm>
#include <cmath>

#include "call.hpp"

/// RNN, GRU and LSTM: a state that each step of a sequence changes, in one direction, the other or both.
namespace tenon::importing {

namespace {

using Function = double (*)(double);
using Numbers = std::vector<double>;

Function function_of(const Call& call, std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (name == "sigmoid") return [](double x) { return 1 / (1 + std::exp(-x)); };
  if (name == "tanh") return [](double x) { return std::tanh(x); };
  if (name == "relu") return [](double x) { return std::max(x, 0.0); };
  if (name == "softsign") return [](double x) { return x / (1 + std::abs(x)); };
  call.fail("the activation {} is not supported inside a recurrent layer", name);
}

/// What the three kinds have in common. Numbers are read as if the layout were 0: sequence, batch, features.
struct Layer {
  const Call& call;
  Index gates;
  Index directions = 1, steps = 0, batch = 0, features = 0, hidden = 0;
  bool backwards_first = false, batch_first = false;
  double clip = 0;
  std::vector<Function> functions{};  // of every direction in turn
  Dims lengths{};                     // of every sequence of the batch, empty where all are of `steps`

  Layer(const Call& c, Index gate_count, const std::vector<std::string>& defaults) : call(c), gates(gate_count) {
    const Array &x = call.input(0), &w = call.input(1), &r = call.input(2);
    call.require(x.dims.size() == 3 && w.dims.size() == 3 && r.dims.size() == 3, "X, W and R need three axes each");
    const std::string direction = call.node.text("direction", "forward");
    call.require(direction == "forward" || direction == "reverse" || direction == "bidirectional",
                 "the direction {} does not exist", direction);
    directions = direction == "bidirectional" ? 2 : 1;
    backwards_first = direction == "reverse";
    batch_first = call.node.integer("layout", 0) != 0;
    steps = x.dims[batch_first ? 1 : 0];
    batch = x.dims[batch_first ? 0 : 1];
    features = x.dims[2];
    hidden = r.dims[2];
    call.require(call.node.integer("hidden_size", hidden) == hidden, "hidden_size is not that of its weights, {}",
                 hidden);
    clip = call.node.number("clip", 0);
    require_dims(1, {directions, gates * hidden, features});
    require_dims(2, {directions, gates * hidden, hidden});
    require_dims(3, {directions, 2 * gates * hidden});
    require_dims(5, state_dims());
    const auto* names = call.attribute<std::vector<std::string>>("activations");
    std::vector<std::string> all;
    for (Index d = 0; d < directions; ++d) all.insert(all.end(), defaults.begin(), defaults.end());
    if (names != nullptr) {
      call.require(names->size() == all.size(), "needs {} activations, not {}", all.size(), names->size());
      all = *names;
    }
    for (const std::string& name : all) functions.push_back(function_of(call, name));
    if (!call.has(4)) return;
    require_dims(4, {batch});
    if (!call.known()) return;
    lengths = call.integers(4);
    for (const Index length : lengths)
      call.require(length >= 0 && length <= steps, "a sequence of {} steps has no {}", steps, length);
  }

  Dims state_dims() const { return batch_first ? Dims{batch, directions, hidden} : Dims{directions, batch, hidden}; }

  void require_dims(std::size_t i, const Dims& dims) const {
    if (call.has(i))
      call.require(call.input(i).dims == dims, "input {} has to be {}, not {}", i, axes_text(dims),
                   axes_text(call.input(i).dims));
  }

  const double* step(Index t, Index b) const {
    return call.input(0).values.data() + (batch_first ? b * steps + t : t * batch + b) * features;
  }
  Index state(Index d, Index b) const { return (batch_first ? b * directions + d : d * batch + b) * hidden; }
  Index output(Index t, Index d, Index b) const {
    return (batch_first ? (b * steps + t) * directions + d : (t * directions + d) * batch + b) * hidden;
  }

  double clipped(double x) const { return clip > 0 ? std::clamp(x, -clip, clip) : x; }

  /// W x + the input's bias, of every row of every gate; and R h + the state's bias
  Numbers from_input(Index d, const double* x) const { return affine(call.input(1), features, d, x, 0); }
  Numbers from_state(Index d, const double* h) const { return affine(call.input(2), hidden, d, h, gates * hidden); }

  Numbers affine(const Array& weights, Index columns, Index d, const double* x, Index bias_start) const {
    const Index rows = gates * hidden;
    Numbers y(static_cast<std::size_t>(rows));
    for (Index r = 0; r < rows; ++r) {
      double sum = call.has(3) ? element(call.input(3), d * 2 * rows + bias_start + r) : 0;
      const double* row = weights.values.data() + (d * rows + r) * columns;
      for (Index c = 0; c < columns; ++c) sum += row[c] * x[c];
      y[static_cast<std::size_t>(r)] = sum;
    }
    return y;
  }

  /// Runs all sequences. next(direction, x, h, c) changes the state h and the cell c, which only LSTM has.
  /// What lies behind the end of a sequence changes nothing and gives 0.
  template <class Next>
  std::vector<Array> run(Next next) const {
    const Type type = call.input(0).type;
    Array y = call.make(type,
                        batch_first ? Dims{batch, steps, directions, hidden} : Dims{steps, directions, batch, hidden});
    Array h_end = call.make(type, state_dims()), c_end = h_end;
    if (!call.known()) return {y, h_end, c_end};
    if (call.has(5)) h_end.values = call.input(5).values;
    if (call.has(6)) c_end.values = call.input(6).values;
    for (Index d = 0; d < directions; ++d)
      for (Index b = 0; b < batch; ++b) {
        double *h = h_end.values.data() + state(d, b), *c = c_end.values.data() + state(d, b);
        const Index length = lengths.empty() ? steps : lengths.data()[b];
        for (Index i = 0; i < length; ++i) {
          const Index t = backwards_first || d == 1 ? length - 1 - i : i;
          next(d, step(t, b), h, c);
          std::copy_n(h, hidden, y.values.data() + output(t, d, b));
        }
      }
    return {y, h_end, c_end};
  }
};

/// h' = f(W x + R h + biases)
std::vector<Array> rnn(const Call& call) {
  const Layer layer(call, 1, {"Tanh"});
  auto results = layer.run([&](Index d, const double* x, double* h, double*) {
    const Numbers in = layer.from_input(d, x), back = layer.from_state(d, h);
    for (std::size_t k = 0; k < in.size(); ++k) h[k] = layer.functions.data()[d](layer.clipped(in[k] + back[k]));
  });
  results.pop_back();
  return results;
}

/// z = f(..), r = f(..), n = g(Wn x + bWn + Rn (r h) + bRn), h' = (1 - z) n + z h; with linear_before_reset r (Rn h +
/// bRn).
std::vector<Array> gru(const Call& call) {
  const Layer layer(call, 3, {"Sigmoid", "Tanh"});
  const bool reset_last = call.node.integer("linear_before_reset", 0) != 0;
  const auto size = static_cast<std::size_t>(layer.hidden);
  auto results = layer.run([&](Index d, const double* x, double* h, double*) {
    const Function f = layer.functions.data()[2 * d], g = layer.functions.data()[2 * d + 1];
    const Numbers in = layer.from_input(d, x), back = layer.from_state(d, h);
    Numbers z(size), r(size), reset(size);
    for (std::size_t k = 0; k < size; ++k) {
      z[k] = f(layer.clipped(in[k] + back[k]));
      r[k] = f(layer.clipped(in[size + k] + back[size + k]));
      reset[k] = r[k] * h[k];
    }
    const Numbers back_of_reset = reset_last ? back : layer.from_state(d, reset.data());
    for (std::size_t k = 0; k < size; ++k) {
      const double from_state = back_of_reset[2 * size + k] * (reset_last ? r[k] : 1);
      h[k] = (1 - z[k]) * g(layer.clipped(in[2 * size + k] + from_state)) + z[k] * h[k];
    }
  });
  results.pop_back();
  return results;
}

/// Gates in the order i, o, f, c; P are the peepholes of i, o and f:
/// i = f(.. + Pi c), f = f(.. + Pf c), c' = f c + i g(..), o = f(.. + Po c'), h' = o h(c')
/// TFLite's `cell_clip`, where a file says it, keeps c' between -cell_clip and cell_clip.
std::vector<Array> lstm(const Call& call) {
  const Layer layer(call, 4, {"Sigmoid", "Tanh", "Tanh"});
  const bool coupled = call.node.integer("input_forget", 0) != 0;
  const double cell_clip = call.node.number("cell_clip", 0);
  layer.require_dims(6, layer.state_dims());
  layer.require_dims(7, {layer.directions, 3 * layer.hidden});
  const auto size = static_cast<std::size_t>(layer.hidden);
  return layer.run([&](Index d, const double* x, double* h, double* c) {
    const Function* functions = layer.functions.data() + 3 * d;
    const Numbers in = layer.from_input(d, x), back = layer.from_state(d, h);
    const double* peepholes = call.has(7) ? call.input(7).values.data() + 3 * layer.hidden * d : nullptr;
    const auto gate = [&](Function f, std::size_t which, std::size_t k, std::size_t peephole, double cell) {
      const double seen = peepholes != nullptr && peephole < 3 ? peepholes[peephole * size + k] * cell : 0;
      return f(layer.clipped(in[which * size + k] + back[which * size + k] + seen));
    };
    for (std::size_t k = 0; k < size; ++k) {
      const double i = gate(functions[0], 0, k, 0, c[k]), forget = coupled ? 1 - i : gate(functions[0], 2, k, 2, c[k]);
      c[k] = forget * c[k] + i * gate(functions[1], 3, k, 3, 0);
      if (cell_clip > 0) c[k] = std::clamp(c[k], -cell_clip, cell_clip);
      h[k] = gate(functions[0], 1, k, 1, c[k]) * functions[2](c[k]);
    }
  });
}

}  // namespace

Table recurrent_operators() { return {{"RNN", rnn}, {"GRU", gru}, {"LSTM", lstm}}; }

}  // namespace tenon::importing
