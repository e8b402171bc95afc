// Instructions of one step of a recurrent layer in int8: GRU with 32 hidden numbers of 32, and with -DTENON_LSTM the
// LSTM 9-32; with -DTENON_FLOAT the same steps in float.
#include "platform.hpp"

#include <tenon/edge/frozen_step.hpp>
#include <tenon/edge/quantized_stepwise.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/net/sequential.hpp>

namespace {

using namespace tenon;
#ifdef TENON_LSTM
using Net = Sequential<Input<50, 9>, LSTM<32>>;
constexpr std::size_t width = 9;
#else
using Net = Sequential<Input<50, 32>, GRU<32>>;
constexpr std::size_t width = 32;
#endif

int seeded(unsigned& state) {
  state = state * 1664525 + 1013904223;
  return static_cast<int>(state >> 24) % 255 - 127;
}

#ifdef TENON_FLOAT
Weights<Net> weights;
Frozen<Net>::Stepped net{weights};
using Step = Frozen<Net>::Stepped;
#else
constexpr QuantizedNumbers<Net> numbers = [] {
  QuantizedNumbers<Net> q;
  unsigned state = 1;
  for (std::int8_t& w : q.weights) {
    state = state * 1664525 + 1013904223;
    w = static_cast<std::int8_t>(static_cast<int>(state >> 24) % 255 - 127);
  }
  for (float& scale : q.weight_scale) scale = 0.003F;
  for (float& scale : q.scale) scale = 1.0F / 127;
  for (std::int8_t& bits : q.gate_bits) bits = 12;
  for (std::int8_t& bits : q.cell_bits) bits = 14;
  return q;
}();
QuantizedStepwise<Net, numbers> net;
using Step = QuantizedStepwise<Net>;
#endif

}  // namespace

int main() {
  unsigned state = 7;
  std::uint32_t sum = 0;
#ifdef TENON_FLOAT
  for (float& w : weights.parameters) w = 0.003F * static_cast<float>(seeded(state));
  float x[width], y[32];
  for (float& value : x) value = static_cast<float>(seeded(state)) / 127;
  for (int t = 0; t < 3; ++t) net.step(x, y);
  platform::start_count();
  net.step(x, y);
#else
  for (int t = 0; t < 3; ++t) {
    for (std::int8_t& number : net.input()) number = static_cast<std::int8_t>(seeded(state));
    net.step();
  }
  for (std::int8_t& number : net.input()) number = static_cast<std::int8_t>(seeded(state));
  platform::start_count();
  net.step();
#endif
  const std::uint32_t instructions = platform::instructions();
#ifndef TENON_FLOAT
  for (const std::int8_t number : net.output()) sum = sum * 31 + static_cast<std::uint8_t>(number);
#endif
  platform::print("instructions ", instructions);
  platform::print("macs ", static_cast<std::uint32_t>(Step::macs));
  platform::print("weights ", static_cast<std::uint32_t>(Step::weight_bytes));
  platform::print("ram ", sizeof net);
  platform::print("stack ", platform::stack_used());
  platform::print("sum ", sum);
}
