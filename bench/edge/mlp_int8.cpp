// Instructions of an int8 784-128-10 perceptron, beside the same loops in plain C.
#include "platform.hpp"

#include <tenon/edge/quantized.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/sequential.hpp>

namespace {

using namespace tenon;
using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>>;

constexpr QuantizedNumbers<Net> make_numbers() {
  QuantizedNumbers<Net> q;
  unsigned state = 1;
  for (std::int8_t& w : q.weights) {
    state = state * 1664525 + 1013904223;
    w = static_cast<std::int8_t>(static_cast<int>(state >> 24) % 255 - 127);
  }
  for (std::size_t row = 0; row < 138; ++row) q.bias[row] = static_cast<std::int32_t>(row * 100);
  for (float& s : q.weight_scale) s = 0.01F;
  q.scale[0] = 1.0F / 255, q.scale[1] = 0.05F, q.scale[2] = 0.1F;
  q.zero[0] = -128, q.zero[1] = -128, q.zero[2] = 3;
  return q;
}
constexpr QuantizedNumbers<Net> numbers = make_numbers();

#ifdef TENON_REFERENCE
// What one would write by hand, with the requantisation that the format asks for.
constexpr edge::QuantizedTables<Net> t = edge::make_tables<Net>(numbers);
alignas(4) std::int8_t arena[912];

void dense(const std::int8_t* w, std::size_t row, const std::int8_t* x, std::int8_t* y, int in, int out, int zero,
           int low) {
  for (int o = 0; o < out; ++o) {
    std::int32_t sum = t.bias[row + o];
    for (int i = 0; i < in; ++i) sum += w[o * in + i] * x[i];
    const std::int64_t product = static_cast<std::int64_t>(sum) * t.multiplier[row + o];
    const int shift = t.shift[row + o] + 33;
    std::int32_t value = static_cast<std::int32_t>((product + (std::int64_t{1} << (shift - 1))) >> shift) + zero;
    if (value < low) value = low;
    y[o] = static_cast<std::int8_t>(value > 127 ? 127 : value);
  }
}
std::int8_t* input() { return arena; }
void run() {
  dense(t.weights, 0, arena, arena + 784, 784, 128, t.zero[1], t.low[0]);
  dense(t.weights + 784 * 128, 128, arena + 784, arena, 128, 10, t.zero[2], -128);
}
const std::int8_t* output() { return arena; }
constexpr unsigned ram = sizeof arena;
#else
Quantized<Net, numbers> net;
constexpr unsigned ram = sizeof net;
std::int8_t* input() { return net.input().data(); }
void run() { net.run(); }
const std::int8_t* output() { return net.output().data(); }
#endif

}  // namespace

int main() {
  for (int i = 0; i < 784; ++i) input()[i] = static_cast<std::int8_t>(i % 17 * 15 - 128);
  platform::start_count();
  run();
  const std::uint32_t instructions = platform::instructions();
  std::uint32_t sum = 0;
  for (int i = 0; i < 10; ++i) sum = sum * 31 + static_cast<std::uint8_t>(output()[i]);
  platform::print("instructions ", instructions);
  platform::print("macs ", static_cast<std::uint32_t>(Quantized<Net>::macs));
  platform::print("weights ", static_cast<std::uint32_t>(Quantized<Net>::weight_bytes));
  platform::print("ram ", ram);
  platform::print("stack ", platform::stack_used());
  platform::print("sum ", sum);
}
