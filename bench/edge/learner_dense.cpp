// Instructions of one step of training a float 144-32-10 head with momentum, four samples to a step, beside the same
// loops in plain C.
#include "platform.hpp"

#include <tenon/edge/learner.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/networks.hpp>

#include <cmath>

namespace {

using namespace tenon;
constexpr int inputs = 144, hidden = 32, classes = 10, batch = 4;
using Net = Sequential<Dense<inputs, hidden>, ReLU, Dense<classes>, Softmax>;

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
// What one would write by hand, layer after layer.
struct Layer {
  float *w, *b, *dw, *db, *vw, *vb;
  int in, out;
};
float w1[hidden * inputs], b1[hidden], dw1[hidden * inputs], db1[hidden], vw1[hidden * inputs], vb1[hidden];
float w2[classes * hidden], b2[classes], dw2[classes * hidden], db2[classes], vw2[classes * hidden], vb2[classes];
const Layer first{w1, b1, dw1, db1, vw1, vb1, inputs, hidden}, second{w2, b2, dw2, db2, vw2, vb2, hidden, classes};
float h[hidden], dh[hidden], z[classes], dz[classes];
constexpr unsigned ram = sizeof w1 + sizeof b1 + sizeof w2 + sizeof b2;
constexpr unsigned all_ram = 3 * ram + sizeof h + sizeof dh + sizeof z + sizeof dz;

void forward(const Layer& l, const float* x, float* y) {
  for (int o = 0; o < l.out; ++o) {
    float sum = l.b[o];
    for (int i = 0; i < l.in; ++i) sum += l.w[o * l.in + i] * x[i];
    y[o] = sum;
  }
}
void backward(const Layer& l, const float* x, const float* dy, float* dx) {
  for (int o = 0; o < l.out; ++o) {
    l.db[o] += dy[o];
    for (int i = 0; i < l.in; ++i) l.dw[o * l.in + i] += dy[o] * x[i];
  }
  if (dx == nullptr) return;
  for (int i = 0; i < l.in; ++i) dx[i] = 0;
  for (int o = 0; o < l.out; ++o)
    for (int i = 0; i < l.in; ++i) dx[i] += l.w[o * l.in + i] * dy[o];
}
void update(float* p, float* g, float* v, int count) {
  for (int i = 0; i < count; ++i) {
    v[i] = 0.9F * v[i] + g[i];
    p[i] -= 0.01F * v[i];
    g[i] = 0;
  }
}
void start() {
  const float* p = weights.parameters;
  for (int i = 0; i < hidden * inputs; ++i) w1[i] = *p++;
  for (int i = 0; i < hidden; ++i) b1[i] = *p++;
  for (int i = 0; i < classes * hidden; ++i) w2[i] = *p++;
  for (int i = 0; i < classes; ++i) b2[i] = *p++;
}
float learn(const float* x, int label) {
  forward(first, x, h);
  for (float& v : h) v = v > 0 ? v : 0;
  forward(second, h, z);
  float most = z[0], sum = 0;
  for (int i = 1; i < classes; ++i) most = z[i] > most ? z[i] : most;
  for (int i = 0; i < classes; ++i) sum += dz[i] = std::exp(z[i] - most);
  for (float& p : dz) p /= sum * batch;
  dz[label] -= 1.0F / batch;
  backward(second, h, dz, dh);
  for (int i = 0; i < hidden; ++i) dh[i] = h[i] > 0 ? dh[i] : 0;
  backward(first, x, dh, nullptr);
  return std::log(sum) - (z[label] - most);
}
void step() {
  update(w1, dw1, vw1, hidden * inputs);
  update(b1, db1, vb1, hidden);
  update(w2, dw2, vw2, classes * hidden);
  update(b2, db2, vb2, classes);
}
#else
edge::Learner<Net, CrossEntropy<>, SGD, batch> net;
constexpr unsigned all_ram = sizeof net;
void start() { net.start(weights, SGD{.lr = 0.01, .momentum = 0.9}); }
float learn(const float* x, int label) { return net.learn(std::span<const float, inputs>(x, inputs), label); }
void step() {}  // every fourth sample
#endif

float pixels[inputs];

}  // namespace

int main() {
  start();
  float sum = 0;
  std::uint32_t instructions = 0;
  for (int round = 0; round < 2; ++round) {
    platform::start_count();
    for (int s = 0; s < batch; ++s) {
      for (int i = 0; i < inputs; ++i) pixels[i] = static_cast<float>((i + s) % 17) * 0.0625F;
      sum += learn(pixels, s);
    }
    step();
    instructions = platform::instructions();
  }
  platform::print("instructions ", instructions);
  platform::print("macs ", batch * (2 * inputs * hidden + 3 * hidden * classes));
  platform::print("weights ", sizeof(Weights<Net>));
  platform::print("ram ", all_ram);
  platform::print("stack ", platform::stack_used());
  platform::print("sum ", static_cast<std::uint32_t>(sum * 100000));
  return 0;
}
