// Recurrent layers and convolutions that are given one step a call, on 100 steps: the same numbers as on the host,
// within 1e-6, and the same again after reset(); in int8 the same bytes. Built with -DTENON_WRITE_EXPECTED it prints
// those numbers.
#include <tenon/edge/frozen_step.hpp>
#include <tenon/edge/quantized_stepwise.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/net/networks.hpp>

#include "platform.hpp"

#include <tenon/random.hpp>

namespace {

using namespace tenon;

constexpr std::uint32_t steps = 100;

using Recurrent = Sequential<Input<50, 2>, LSTM<8>, GRU<6, layers<2>>, Dense<3>>;
using Signal = Sequential<Input<2, 50>, Conv1D<4, 3>, Tanh, Conv1D<4, 3, dilation<4>>, Tanh, Conv1D<3, 1>>;

template <class Net>
constexpr Weights<Net> draw_weights() {
  Weights<Net> w;
  Stream random(11, Purpose::user);
  for (float& number : w.parameters) number = static_cast<float>(random.uniform(-0.5, 0.5));
  return w;
}
constexpr Weights<Recurrent> recurrent_weights = draw_weights<Recurrent>();
constexpr Weights<Signal> signal_weights = draw_weights<Signal>();

Frozen<Recurrent, recurrent_weights>::Stepped recurrent;
Frozen<Signal, signal_weights>::Stepped signal;
static_assert(Frozen<Recurrent>::Stepped::ram_bytes <= 2048);

/// Random weights in int8, the same for every step of a sequence.
using Int8 = Sequential<Input<50, 2>, LSTM<8>, GRU<6, layers<2>>, Dense<3>, Tanh>;
constexpr QuantizedNumbers<Int8> int8_numbers = [] {
  QuantizedNumbers<Int8> q;
  Stream random(12, Purpose::user);
  for (std::int8_t& w : q.weights) w = static_cast<std::int8_t>(random.uniform<float>(-127, 127));
  for (float& scale : q.weight_scale) scale = 0.006F;
  for (float& scale : q.scale) scale = 1.0F / 127;
  for (std::int8_t& bits : q.gate_bits) bits = 12;
  for (std::int8_t& bits : q.cell_bits) bits = 13;
  return q;
}();
/// Random numbers, too.
using Int8Signal = Sequential<Input<2, 50>, Conv1D<4, 4>, Tanh, Conv1D<4, 3, dilation<4>, groups<4>>, ReLU,
                              Conv1D<3, 1>>;
constexpr QuantizedNumbers<Int8Signal> signal_numbers = [] {
  QuantizedNumbers<Int8Signal> q;
  Stream random(13, Purpose::user);
  for (std::int8_t& w : q.weights) w = static_cast<std::int8_t>(random.uniform<float>(-127, 127));
  for (float& scale : q.weight_scale) scale = 0.006F;
  for (float& scale : q.scale) scale = 1.0F / 127;
  for (std::int8_t& zero : q.zero) zero = -7;
  return q;
}();
QuantizedStepwise<Int8Signal, signal_numbers> int8_signal;
QuantizedStepwise<Int8, int8_numbers> int8;
static_assert(QuantizedStepwise<Int8>::ram_bytes <= 512);

float in[2], out[6];
std::uint32_t bytes;  // of all int8 outputs of a round

void run(std::uint32_t step) {
  Stream random(7, Purpose::user, step);
  for (float& number : in) number = random.uniform<float>(-1.0F, 1.0F);
  recurrent.step(in, std::span<float, 3>(out, 3));
  signal.step(in, std::span<float, 3>(out + 3, 3));
  float y[3];
  int8.step(in, y);
  for (const std::int8_t number : int8.output()) bytes = bytes * 31 + static_cast<std::uint8_t>(number);
  int8_signal.step(in, y);
  for (const std::int8_t number : int8_signal.output()) bytes = bytes * 31 + static_cast<std::uint8_t>(number);
}

}  // namespace

#ifdef TENON_WRITE_EXPECTED

#include <cstdio>

int main() {
  std::printf("constexpr float expected[][6] = {\n");
  for (std::uint32_t s = 0; s < steps; ++s) {
    run(s);
    for (const float& y : out) std::printf("%s%aF", &y == out ? "{" : ",", static_cast<double>(y));
    std::printf("},\n");
  }
  std::printf("};\nconstexpr unsigned expected_bytes = %uU;\n", static_cast<unsigned>(bytes));
}

#else

#include "expected.hpp"

int main() {
  float worst = 0;
  for (int round = 0; round < 2; ++round) {
    recurrent.reset();
    signal.reset();
    int8.reset();
    int8_signal.reset();
    bytes = 0;
    for (std::uint32_t s = 0; s < steps; ++s) {
      run(s);
      for (int i = 0; i < 6; ++i) {
        const float error = out[i] < expected[s][i] ? expected[s][i] - out[i] : out[i] - expected[s][i];
        if (!(error <= worst)) worst = error;
      }
    }
  }
  platform::print("worst error in 1e-9: ", static_cast<std::uint32_t>(worst * 1e9F));
  platform::print("RAM of the recurrent network: ", sizeof recurrent);
  platform::print("RAM of the convolutions: ", sizeof signal);
  platform::print("stack: ", platform::stack_used());
  platform::print("RAM of the int8 network: ", sizeof int8);
  const bool good = worst <= 1e-6F && bytes == expected_bytes;
  platform::print(good ? "all as on the host\n" : "DIFFERENT\n");
  return good ? 0 : 1;
}

#endif
