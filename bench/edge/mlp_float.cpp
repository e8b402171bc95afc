// Instructions of a float 784-128-10 perceptron, beside the same loops in plain C.
#include "platform.hpp"

#include <tenon/edge/frozen.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/sequential.hpp>

namespace {

using namespace tenon;
using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>>;

constexpr Weights<Net> make_weights() {
  Weights<Net> weights;
  unsigned state = 1;
  for (float& w : weights.parameters) {
    state = state * 1664525 + 1013904223;
    w = (static_cast<float>(state >> 8) * 0x1p-24F - 0.5F) * 0.1F;
  }
  return weights;
}
constexpr Weights<Net> weights = make_weights();

#ifdef TENON_REFERENCE
// What one would write by hand: y = relu(W x + b), layer after layer.
float hidden[128];

void dense(const float* w, const float* b, const float* x, float* y, int in, int out) {
  for (int o = 0; o < out; ++o) {
    float sum = b[o];
    for (int i = 0; i < in; ++i) sum += w[o * in + i] * x[i];
    y[o] = sum;
  }
}
void run(const float* x, float* y) {
  const float* p = weights.parameters;
  dense(p, p + 128 * 784, x, hidden, 784, 128);
  for (float& h : hidden) h = h > 0 ? h : 0;
  dense(p + 128 * 784 + 128, p + 128 * 784 + 128 + 1280, hidden, y, 128, 10);
}
constexpr unsigned ram = sizeof hidden;
#else
Frozen<Net, weights> net;
constexpr unsigned ram = sizeof net;
void run(const float* x, float* y) { net(std::span<const float, 784>(x, 784), std::span<float, 10>(y, 10)); }
#endif

float pixels[784];
float scores[10];

}  // namespace

int main() {
  for (int i = 0; i < 784; ++i) pixels[i] = static_cast<float>(i % 17) * 0.0625F;
  platform::start_count();
  run(pixels, scores);
  const std::uint32_t instructions = platform::instructions();
  float sum = 0;
  for (const float s : scores) sum += s;
  platform::print("instructions ", instructions);
  platform::print("macs ", static_cast<std::uint32_t>(Frozen<Net>::macs));
  platform::print("weights ", sizeof(Weights<Net>));
  platform::print("ram ", ram);
  platform::print("stack ", platform::stack_used());
  platform::print("sum ", static_cast<std::uint32_t>(sum * 1000 + 100000));
}
