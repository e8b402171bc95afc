// Instructions of an int8 ResNet-8 (MLPerf Tiny's for 3x32x32 images), beside the same loops in plain C.
#include "platform.hpp"
#include "seeded_numbers.hpp"

#include <tenon/edge/quantized.hpp>
#include <tenon/layers/avg_pool2d.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/networks.hpp>

#include <utility>

namespace {

using namespace tenon;
template <std::size_t Channels>
using Block = Sequential<
    Add<Sequential<Conv2D<Channels, 3, stride<2>, padding<1>>, ReLU, Conv2D<Channels, 3, padding<1>>>,
        Conv2D<Channels, 1, stride<2>>>,
    ReLU>;
using Net = Sequential<Input<3, 32, 32>, Conv2D<16, 3, padding<1>>, ReLU,
                       Residual<Conv2D<16, 3, padding<1>>, ReLU, Conv2D<16, 3, padding<1>>>, ReLU, Block<32>, Block<64>,
                       AvgPool2D<8>, Flatten, Dense<10>>;
constexpr const edge::QuantizedPlan& plan = edge::quantized_plan<Net>;

constexpr QuantizedNumbers<Net> numbers = bench::seeded_numbers<Net>();

#ifdef TENON_REFERENCE
// What one would write by hand: images pixel by pixel, weights by output, row, column and channel.
constexpr edge::QuantizedTables<Net> t = edge::make_tables<Net>(numbers);
template <std::size_t K>
constexpr auto plain_weights() {
  constexpr edge::QuantizedStep step = plan.steps[K];
  std::array<std::int8_t, step.outputs() * step.columns()> w{};
  for (std::size_t o = 0; o < step.outputs(); ++o)
    for (std::size_t i = 0; i < step.columns(); ++i) w[o * step.columns() + i] = t.weights[step.packed_place(o, i)];
  return w;
}
template <std::size_t K>
constexpr auto weights = plain_weights<K>();

// Every tensor has a place of its own: these loops read a window again for each of its results.
constexpr auto places = [] {
  std::array<std::size_t, plan.count + 2> p{};
  for (std::size_t k = 0; k <= plan.count; ++k) p[k + 1] = p[k] + kernels::in_fours(plan.sizes[k]);
  return p;
}();
alignas(4) std::int8_t arena[places[plan.count + 1]];

std::int8_t requantise(std::int32_t sum, std::int32_t multiplier, int shift, int zero, int low, int high) {
  const std::int64_t product = static_cast<std::int64_t>(sum) * multiplier;
  const std::int32_t value = static_cast<std::int32_t>((product + (std::int64_t{1} << (shift + 32))) >> (shift + 33)) +
                             zero;
  return static_cast<std::int8_t>(value < low ? low : value > high ? high : value);
}
template <std::size_t K>
void convolution(const std::int8_t* x, std::int8_t* y) {
  constexpr edge::QuantizedStep step = plan.steps[K];
  constexpr kernels::ConvolutionAxis axis = step.image.x;
  constexpr int channels = static_cast<int>(step.image.channels), size = static_cast<int>(axis.image);
  for (int r = 0; r < static_cast<int>(axis.map); ++r)
    for (int c = 0; c < static_cast<int>(axis.map); ++c)
      for (std::size_t o = 0; o < step.image.features; ++o) {
        const std::size_t row = step.row + o;
        std::int32_t sum = t.bias[row];
        const std::int8_t* w = weights<K>.data() + o * step.columns();
        for (int ky = 0; ky < static_cast<int>(axis.kernel); ++ky)
          for (int kx = 0; kx < static_cast<int>(axis.kernel); ++kx, w += channels) {
            const int iy = r * static_cast<int>(axis.stride) + ky - static_cast<int>(axis.before);
            const int ix = c * static_cast<int>(axis.stride) + kx - static_cast<int>(axis.before);
            if (iy < 0 || ix < 0 || iy >= size || ix >= size) {
              for (int i = 0; i < channels; ++i) sum += w[i] * t.zero[step.source];
            } else {
              const std::int8_t* pixel = x + (iy * size + ix) * channels;
              for (int i = 0; i < channels; ++i) sum += w[i] * pixel[i];
            }
          }
        *y++ = requantise(sum, t.multiplier[row], t.shift[row], t.zero[K + 1], t.low[K], t.high[K]);
      }
}
template <std::size_t K>
void plain_step() {
  constexpr edge::QuantizedStep step = plan.steps[K];
  const std::int8_t* x = arena + places[step.source];
  std::int8_t* y = arena + places[K + 1];
  if constexpr (step.pattern.kind == edge::StepKind::convolution) {
    convolution<K>(x, y);
  } else if constexpr (step.pattern.kind == edge::StepKind::dense) {
    for (std::size_t o = 0; o < step.out; ++o) {
      std::int32_t sum = t.bias[step.row + o];
      for (std::size_t i = 0; i < step.in; ++i) sum += weights<K>[o * step.in + i] * x[i];
      y[o] = requantise(sum, t.multiplier[step.row + o], t.shift[step.row + o], t.zero[K + 1], t.low[K], t.high[K]);
    }
  } else if constexpr (step.pattern.kind == edge::StepKind::add) {
    const std::int8_t* other = arena + places[step.other];
    const auto scaled = [](std::int32_t v, std::size_t which) {
      const kernels::Requantizer r = t.scaling[step.scale + which];
      const int shift = r.shift + 33;
      return static_cast<std::int32_t>(
          (static_cast<std::int64_t>(v) * r.multiplier + (std::int64_t{1} << (shift - 1))) >> shift);
    };
    for (std::size_t i = 0; i < step.in; ++i) {
      const std::int32_t a = (x[i] - t.zero[step.source]) * (1 << 20), b = (other[i] - t.zero[step.other]) * (1 << 20);
      const std::int32_t value = scaled(scaled(a, 0) + scaled(b, 1), 2) + t.zero[K + 1];
      y[i] = static_cast<std::int8_t>(value < t.low[K] ? t.low[K] : value > t.high[K] ? t.high[K] : value);
    }
  } else {
    for (int i = 0; i < 64; ++i) {
      std::int32_t sum = 0;
      for (int p = 0; p < 64; ++p) sum += x[p * 64 + i];
      y[i] = static_cast<std::int8_t>((sum + (sum > 0 ? 32 : -32)) / 64);
    }
  }
}
std::int8_t* input() { return arena + places[0]; }
void run() {
  [&]<std::size_t... K>(std::index_sequence<K...>) { (plain_step<K>(), ...); }
  (std::make_index_sequence<plan.count>{});
}
const std::int8_t* output() { return arena + places[plan.count]; }
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
  for (int i = 0; i < 3 * 32 * 32; ++i) input()[i] = static_cast<std::int8_t>(i % 17 * 15 - 128);
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
