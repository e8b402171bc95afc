#include <algorithm>
#include <cmath>

#include <tenon/kernels/fixed_point.hpp>

#include "int8_number.hpp"

namespace tenon::importing {

/// LiteRT's integer LSTM: gates in Q3.12, functions and memory in 16 bits, the state rounded to int8 at every step;
/// multipliers round twice.
Number lstm_of_integers(const Node& node, const Number& x, const Number& w, const Number& r, const Number& b,
                        const Number* p) {
  namespace fixed = kernels::fixed_point;
  const auto steps = static_cast<std::size_t>(x.numbers.dims[0]), batch = static_cast<std::size_t>(x.numbers.dims[1]),
             features = static_cast<std::size_t>(x.numbers.dims[2]),
             hidden = static_cast<std::size_t>(r.numbers.dims[2]), rows = 4 * hidden;
  const auto scale = static_cast<float>(node.number("hidden_scale", 0));
  const int cell_bits = -std::ilogb(node.number("cell_scale", 0));
  const double limit = node.number("cell_clip", 0) * (1 << cell_bits);
  const int high = limit > 0 && limit < 32767 ? static_cast<int>(limit) : 32767, low = limit > 0 ? -high : -32768;
  const auto multipliers = [&](double in, const std::vector<double>& scales) {
    std::vector<Multiplier> all;
    for (const double own : scales)
      all.emplace_back(static_cast<double>(static_cast<float>(own) * static_cast<float>(in)) * 0x1p12);
    return all;
  };
  const std::vector<Multiplier> of_input = multipliers(x.scale, w.along),
                                of_state = multipliers(static_cast<double>(scale), r.along);
  const std::vector<Multiplier> of_memory = p != nullptr ? multipliers(node.number("cell_scale", 0), p->along)
                                                         : std::vector<Multiplier>{};
  const Multiplier of_hidden(static_cast<double>(0x1p-15F / scale) * 0x1p-15);
  const auto sum = [](const double* weights, const double* numbers, std::size_t count) {
    double all = 0;
    for (std::size_t i = 0; i < count; ++i) all += weights[i] * numbers[i];
    return all;
  };
  Number y{Number::exact, {Type::float32, {x.numbers.dims[0], 1, x.numbers.dims[1], r.numbers.dims[2]}, {}}};
  y.scale = static_cast<double>(scale);
  y.numbers.values.resize(steps * batch * hidden);
  for (std::size_t s = 0; s < batch; ++s) {
    std::vector<double> h(hidden);
    std::vector<int> cell(hidden), gate(rows);
    for (std::size_t t = 0; t < steps; ++t) {
      const double* const now = x.numbers.values.data() + (t * batch + s) * features;
      for (std::size_t k = 0; k < rows; ++k) {
        const double in = of_input[k].twice(sum(w.numbers.values.data() + k * features, now, features) +
                                            b.numbers.values[k]);
        const double back = of_state[k].twice(sum(r.numbers.values.data() + k * hidden, h.data(), hidden));
        gate[k] = static_cast<int>(std::clamp(back + std::clamp(in, -32768.0, 32767.0), -32768.0, 32767.0));
      }
      const auto seeing = [&](std::size_t row, int memory) {  // a gate's sum, with what it sees of the memory
        if (p == nullptr) return gate[row];
        const double seen = of_memory[row].twice(p->numbers.values[row] * memory);
        return static_cast<int>(std::clamp(gate[row] + seen, -32768.0, 32767.0));
      };
      for (std::size_t k = 0; k < hidden; ++k) {  // i, o, f, c
        const int in = fixed::sigmoid(seeing(k, cell[k])), forget = fixed::sigmoid(seeing(2 * hidden + k, cell[k])),
                  candidate = fixed::tanh(gate[3 * hidden + k], 3);
        cell[k] = std::clamp(fixed::divided(forget * cell[k], 15) + fixed::divided(in * candidate, 30 - cell_bits), low,
                             high);
        const int out = fixed::sigmoid(seeing(hidden + k, cell[k]));
        h[k] = std::clamp(of_hidden.twice(static_cast<double>(out * fixed::tanh(cell[k], 15 - cell_bits))), -128.0,
                          127.0);
        y.numbers.values[(t * batch + s) * hidden + k] = h[k];
      }
    }
  }
  return y;
}

}  // namespace tenon::importing
