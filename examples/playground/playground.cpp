// What the page calls. Numbers go through one buffer: `numbers()` says where it lies in the module's memory.
#include <tenon/edge/frozen.hpp>
#include <tenon/edge/quantized.hpp>
#include <tenon/net/summary.hpp>

#include <cmath>
#include <string_view>

#include "learner.hpp"
#include "models/decoder.hpp"
#include "models/digits.hpp"
#include "models/digits_int8.hpp"

#define PAGE(name) __attribute__((export_name(#name)))

namespace {

using namespace playground;

float buffer[64 * 1024];

Frozen<digits::Net, digits::weights> float_reader;
Quantized<digits_int8::Net, digits_int8::numbers> int8_reader;
Frozen<decoder::Net, decoder::weights> draw;

/// A dozen networks and three: five shapes, each with three activations.
template <class Activation>
using Narrow = Sequential<Input<2>, Dense<4>, Activation, Dense<1>>;
template <class Activation>
using Wide = Sequential<Input<2>, Dense<16>, Activation, Dense<1>>;
template <class Activation>
using Deep = Sequential<Input<2>, Dense<8>, Activation, Dense<8>, Activation, Dense<1>>;
template <class Activation>
using Deeper = Sequential<Input<2>, Dense<16>, Activation, Dense<16>, Activation, Dense<8>, Activation, Dense<1>>;
template <class Activation>
using Dropped = Sequential<Input<2>, Dense<16>, Activation, Dropout<0.1>, Dense<16>, Activation, Dense<1>>;

template <class Net>
Learner<Net> learner;

template <template <class> class... Shape>
struct Choices {
  static constexpr int activations = 3;
  static constexpr int count = activations * static_cast<int>(sizeof...(Shape));
  static AnyLearner& get(int number) {
    static AnyLearner* const all[]{&learner<Shape<Tanh>>..., &learner<Shape<ReLU>>..., &learner<Shape<SiLU>>...};
    return *all[number];
  }
  static std::string_view type(int number) {
    static constexpr std::string_view all[]{type_name<Shape<Tanh>>()..., type_name<Shape<ReLU>>()...,
                                            type_name<Shape<SiLU>>()...};
    return all[number];
  }
};
using Networks = Choices<Narrow, Wide, Deep, Deeper, Dropped>;

int chosen = 0;
std::uint64_t drawn = 0;

AnyLearner& current() { return Networks::get(chosen); }

/// A class-1 point lies at (x, y), a class-0 point at its counterpart.
void draw_point(int data, Stream& random, float* point, float* label) {
  const auto between = [&random](double low, double high) { return random.uniform<double>(low, high); };
  const bool one = random.next() % 2 == 0;
  constexpr double pi = 3.14159265358979;
  double x = 0, y = 0;
  if (data == 0) {  // a disc in a ring
    const double radius = one ? between(0, 0.4) : between(0.6, 0.95), angle = between(0, 2 * pi);
    x = radius * std::cos(angle), y = radius * std::sin(angle);
  } else if (data == 1) {  // the sign of x y
    x = between(0.05, 0.95), y = between(0.05, 0.95);
    if (random.next() % 2 == 0) x = -x, y = -y;
    if (one) x = -x;
  } else if (data == 2) {  // two arms
    const double along = between(0.05, 1), angle = 1.75 * 2 * pi * along * 0.85 + (one ? pi : 0);
    x = 0.95 * along * std::sin(angle), y = 0.95 * along * std::cos(angle);
  } else {  // two clouds
    x = 0.18 * random.normal<double>() + (one ? 0.45 : -0.45),
    y = 0.18 * random.normal<double>() + (one ? 0.45 : -0.45);
  }
  point[0] = static_cast<float>(x), point[1] = static_cast<float>(y);
  *label = one ? 1.0F : 0.0F;
}

}  // namespace

extern "C" {

PAGE(numbers) float* numbers() { return buffer; }

/// 64 pixels from 0 to 1 become ten probabilities, `times` times over, so that the page can take the time.
PAGE(recognise_float) void recognise_float(int times) {
  for (int i = 0; i < times; ++i)
    float_reader(std::span<const float, 64>(buffer, 64), std::span<float, 10>(buffer + 64, 10));
}
PAGE(recognise_int8) void recognise_int8(int times) {
  for (int i = 0; i < times; ++i)
    int8_reader(std::span<const float, 64>(buffer, 64), std::span<float, 10>(buffer + 64, 10));
}
/// Bytes of weights and of activations, multiplications: of the float network, of the int8 one.
PAGE(sizes) void sizes() {
  const std::size_t all[]{float_reader.weight_bytes, float_reader.ram_bytes, float_reader.macs,
                          int8_reader.weight_bytes,  int8_reader.ram_bytes,  int8_reader.macs};
  for (std::size_t i = 0; i < 6; ++i) buffer[i] = static_cast<float>(all[i]);
}

/// Two numbers of code become 64 pixels.
PAGE(decode) void decode() { draw(std::span<const float, 2>(buffer, 2), std::span<float, 64>(buffer + 2, 64)); }

PAGE(choose) int choose(int shape, int activation, unsigned seed) {
  chosen = activation * (Networks::count / Networks::activations) + shape;
  current().start(seed);
  return chosen;
}
/// The chosen network as C++ writes it.
PAGE(type_text) const char* type_text() { return Networks::type(chosen).data(); }
PAGE(type_length) int type_length() { return static_cast<int>(Networks::type(chosen).size()); }

/// `count` points into the buffer, (x, y) one after the other, and their classes behind them.
PAGE(make_points) void make_points(int data, int count, float noise, unsigned seed) {
  Stream random(seed, Purpose::user, static_cast<std::uint32_t>(data));
  for (int i = 0; i < count; ++i) {
    float* point = buffer + 2 * i;
    draw_point(data, random, point, buffer + 2 * count + i);
    for (int axis = 0; axis < 2; ++axis) point[axis] += noise * random.normal<float>();
  }
}

/// `steps` steps on batches drawn from the points and classes in the buffer. Returns the mean loss.
PAGE(train) float train(int steps, int count, int batch_size, float lr, float l2) {
  static float points[2 * most_samples], classes[most_samples];
  const auto batch = std::min(static_cast<std::size_t>(batch_size), most_samples);
  double sum = 0;
  for (int step = 0; step < steps; ++step) {
    Stream random(1, Purpose::shuffle, 0, drawn++);
    for (std::size_t i = 0; i < batch; ++i) {
      const std::size_t k = random.below(static_cast<std::uint64_t>(count));
      points[2 * i] = buffer[2 * k], points[2 * i + 1] = buffer[2 * k + 1];
      classes[i] = buffer[2 * static_cast<std::size_t>(count) + k];
    }
    sum += current().train({points, 2 * batch}, {classes, batch},
                           Adam{.lr = static_cast<double>(lr), .weight_decay = static_cast<double>(l2)});
  }
  return static_cast<float>(sum / std::max(steps, 1));
}

/// What it says of `count` points, which lie in the buffer: behind them come the probabilities of class 1.
PAGE(predict) void predict(int count) {
  const auto n = static_cast<std::size_t>(count);
  const std::span<float> result(buffer + 2 * n, n);
  current().predict({buffer, 2 * n}, result);
  for (float& y : result) y = 1 / (1 + std::exp(-y));
}

/// The matrices of the chosen network: how many, and of each how many rows and columns, and where its numbers are.
PAGE(matrix_count) int matrix_count() {
  int count = 0;
  for (const ParameterEntry& entry : current().table()) count += entry.rank == 2 ? 1 : 0;
  return count;
}
PAGE(matrix) const float* matrix(int number) {
  for (const ParameterEntry& entry : current().table())
    if (entry.rank == 2 && number-- == 0) {
      buffer[0] = static_cast<float>(entry.dims[0]), buffer[1] = static_cast<float>(entry.dims[1]);
      return current().parameters().data() + entry.offset;
    }
  return nullptr;
}
PAGE(parameter_total) int parameter_total() {
  std::size_t count = 0;
  for (const ParameterEntry& entry : current().table()) count += entry.size;
  return static_cast<int>(count);
}

/// The largest difference between the gradient of a step and central differences of the loss, on the points in the
/// buffer: the page's self-test asks.
PAGE(gradient_error) float gradient_error(int count) {
  const auto n = static_cast<std::size_t>(count);
  const std::span<const float> points(buffer, 2 * n), classes(buffer + 2 * n, n);
  AnyLearner& net = current();
  const Adam still{.lr = 0};
  net.train(points, classes, still);
  float worst = 0;
  for (const ParameterEntry& entry : net.table())
    for (std::size_t i = entry.offset; i < entry.offset + entry.size; ++i) {
      const float gradient = net.gradients()[i];
      float& w = const_cast<float&>(net.parameters()[i]);  // the learner is ours
      const float kept = w, small = 1e-2F;
      w = kept + small;
      const double above = net.train(points, classes, still);
      w = kept - small;
      const double below = net.train(points, classes, still);
      w = kept;
      net.train(points, classes, still);
      worst = std::max(worst,
                       std::abs(gradient - static_cast<float>((above - below) / (2 * static_cast<double>(small)))));
    }
  return worst;
}

}  // extern "C"
