// Activations of 16 bits. The kernels by themselves, of every size and scale by which they choose a loop: on each
// machine the numbers of a plain reference, which is LiteRT's rule written down, and the bytes that the host has. Then
// a network of every kind of step, whose numbers are random and whose tables the compiler fills: the bytes that the
// host has. Built with -DTENON_WRITE_EXPECTED it prints the sums.
#include <tenon/edge/quantized.hpp>
#include <tenon/kernels/int16_elementwise.hpp>
#include <tenon/kernels/int16_images.hpp>
#include <tenon/kernels/int8_depthwise.hpp>
#include <tenon/kernels/int8_overlap.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/hard_swish.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/maximum.hpp>
#include <tenon/layers/multiply.hpp>
#include <tenon/layers/prelu.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/reshape.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/slice.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/squeeze_excite.hpp>
#include <tenon/layers/subtract.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/layers/where.hpp>
#include <tenon/layers/zero_pad.hpp>
#include <tenon/net/concat.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/networks.hpp>

#include "platform.hpp"
#include "square_image.hpp"

#include <cstddef>
#include <cstdint>

namespace {

using namespace tenon::kernels;

alignas(16) std::int8_t weights[24000];
alignas(16) std::int16_t x[9000], other[9000], y[9000], expected_y[9000], scratch[2000];
std::int32_t bias[160], multiplier[160];
alignas(4) std::int8_t shift[160];
std::uint32_t seed = 1, bytes[64];
std::size_t cases = 0, wrong = 0;

std::uint32_t draw() {
  seed = seed * 1664525U + 1013904223U;
  return seed >> 8;
}
struct Scales {
  int shift = 9, low = -32768, high = 32767;
  bool largest = false;  // weights and activations as large as they can be
  bool far = false;      // sums of 64 bits
};
void fill(const Scales& s) {
  for (std::int8_t& w : weights) w = static_cast<std::int8_t>(static_cast<int>(draw() % 255) - 127);
  for (std::int16_t& v : x) v = static_cast<std::int16_t>(static_cast<std::uint16_t>(draw()));
  for (std::int16_t& v : other) v = static_cast<std::int16_t>(static_cast<std::uint16_t>(draw()));
  if (s.largest) {
    for (std::int8_t& w : weights) w = 127;
    for (std::int16_t& v : x) v = -32768;
  }
  for (std::int16_t& v : y) v = 0;
  for (std::int32_t& b : bias) b = static_cast<std::int32_t>(draw() % 2000001) - 1000000;
  for (std::int32_t& m : multiplier) m = static_cast<std::int32_t>(0x4000U + draw() % 0x4000U) << 16;
  for (std::int8_t& v : shift) v = static_cast<std::int8_t>(s.shift + static_cast<int>(draw() % 3));
}
void keep(std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) {
    sum = sum * 31 + static_cast<std::uint16_t>(y[i]);
    wrong += y[i] == expected_y[i] ? 0 : 1;
  }
  bytes[cases++] = sum;
}
WideRows rows(std::size_t in, std::size_t out, const Scales& s) {
  return {{weights, bias, multiplier, shift, in_fours(in) / 4, in_fours(out) / 4, 0, s.low, s.high}, !s.far};
}
/// LiteRT: (sum m' + 2^(n - 1)) >> n, where m' is a multiplier of 16 bits.
std::int16_t requantized(std::int64_t sum, std::size_t row, const Scales& s) {
  const int down = 17 + shift[row];
  std::int64_t value = (sum * (multiplier[row] >> 16) + (std::int64_t{1} << (down - 1))) >> down;
  value = value < s.low ? s.low : value > s.high ? s.high : value;
  return static_cast<std::int16_t>(value);
}
std::int8_t weight(std::size_t row, std::size_t column, std::size_t columns) {
  return weights[packed_place(row, wide_column(column), columns)];
}
/// Columns behind the last are zeros.
void clear_rest(std::size_t rows_there, std::size_t columns) {
  for (std::size_t r = 0; r < in_fours(rows_there); ++r)
    for (std::size_t i = columns; i < in_fours(columns); ++i) weights[packed_place(r, wide_column(i), columns)] = 0;
}

void dense(std::size_t in, std::size_t out, const Scales& s = {}) {
  fill(s);
  clear_rest(out, in);
  for (std::size_t o = 0; o < out; ++o) {
    std::int64_t sum = bias[o];
    for (std::size_t i = 0; i < in; ++i) sum += std::int64_t{weight(o, i, in)} * x[i];
    expected_y[o] = requantized(sum, o, s);
  }
  dense_int16(rows(in, out, s), x, y);
  keep(out);
}
/// visit(tap, place of the pixel) for the taps that lie inside the image.
template <class Visit>
void each_tap(const Convolution& c, std::size_t r, std::size_t q, Visit visit) {
  for (std::size_t ky = 0; ky < c.y.kernel; ++ky)
    for (std::size_t kx = 0; kx < c.x.kernel; ++kx) {
      const std::size_t py = r * c.y.stride + ky * c.y.dilation - c.y.before;  // beyond all where it is below 0
      const std::size_t px = q * c.x.stride + kx * c.x.dilation - c.x.before;
      if (py < c.y.image && px < c.x.image) visit(ky * c.x.kernel + kx, (py * c.x.image + px) * c.channels);
    }
}
template <class Number>
void each_output(const Convolution& c, Number number) {
  for (std::size_t r = 0; r < c.y.map; ++r)
    for (std::size_t q = 0; q < c.x.map; ++q)
      for (std::size_t f = 0; f < c.features; ++f) expected_y[(r * c.x.map + q) * c.features + f] = number(r, q, f);
}
/// The same once more, with the result over the image and as close to it as it may be.
template <class Kernel>
void follow(const Convolution& c, bool gathered, Kernel kernel) {
  const std::size_t lead = image_lead(c.y, c.x, c.channels, c.features, gathered);
  for (std::size_t i = 0; i < c.image_size(); ++i) other[lead + i] = x[i];
  kernel(other + lead, other);
  for (std::size_t i = 0; i < c.map_size(); ++i) wrong += other[i] == y[i] ? 0 : 1;
}
void convolve(const SquareImage& shape, const Scales& s = {}) {
  fill(s);
  const Convolution c = shape.convolution();
  const std::size_t own = c.group_channels(), columns = c.taps() * own, features = c.group_features();
  clear_rest(c.groups * in_fours(features), columns);
  each_output(c, [&](std::size_t r, std::size_t q, std::size_t f) {
    const std::size_t group = f / features, row = group * in_fours(features) + f % features;
    std::int64_t sum = bias[row];
    each_tap(c, r, q, [&](std::size_t tap, std::size_t pixel) {
      for (std::size_t i = 0; i < own; ++i)
        sum += std::int64_t{weight(row, tap * own + i, columns)} * x[pixel + group * own + i];
    });
    return requantized(sum, row, s);
  });
  const auto kernel = [&](const std::int16_t* from, std::int16_t* to) {
    convolution_int16(rows(columns, features, s), c, from, to, scratch);
  };
  kernel(x, y);
  keep(c.map_size());
  if (c.groups == 1) follow(c, true, kernel);
}
void depthwise(const SquareImage& shape, const Scales& s = {}) {
  fill(s);
  const Convolution c = shape.convolution();
  each_output(c, [&](std::size_t r, std::size_t q, std::size_t f) {
    std::int64_t sum = bias[f];
    each_tap(c, r, q, [&](std::size_t tap, std::size_t pixel) {
      sum += weights[depthwise_place(f, tap, c.taps())] * x[pixel + f];
    });
    return requantized(sum, f, s);
  });
  const auto kernel = [&](const std::int16_t* from, std::int16_t* to) {
    depthwise_int16(rows(c.taps(), c.channels, s), c, from, to, scratch);
  };
  kernel(x, y);
  keep(c.map_size());
  follow(c, false, kernel);
}
/// round(v m / 2^(33 + s)), halves upwards.
std::int64_t scaled(std::int64_t v, const Requantizer& r) {
  return (v * r.multiplier + (std::int64_t{1} << (32 + r.shift))) >> (33 + r.shift);
}
void add(std::size_t size, int first_shift, const Scales& s = {}) {
  fill(s);
  const auto scale = [](std::size_t i, int down) {
    return Requantizer{multiplier[i] + static_cast<std::int32_t>(i), static_cast<std::int8_t>(down)};
  };
  const Int16Sum sum{scale(0, first_shift), scale(1, first_shift + 1), scale(2, s.shift), {s.low, s.high}};
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t value = scaled(
        scaled(std::int64_t{x[i]} << 15, sum.first) + scaled(std::int64_t{other[i]} << 15, sum.second), sum.total);
    expected_y[i] = static_cast<std::int16_t>(value < s.low ? s.low : value > s.high ? s.high : value);
  }
  add_int16(sum, size, x, other, y);
  keep(size);
}
void multiply(std::size_t size, const Scales& s = {}) {
  fill(s);
  const Requantizer by{multiplier[0] + 77, static_cast<std::int8_t>(s.shift)};
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t value = scaled(std::int64_t{x[i]} * other[i % 7], by);
    expected_y[i] = static_cast<std::int16_t>(value < s.low ? s.low : value > s.high ? s.high : value);
  }
  product(Pair<std::int16_t>{{}, {}, by, 0, 0, 0, {s.low, s.high}, size, 7, 1}, x, other, y);
  keep(size);
}
/// The host's numbers alone: what is right, the unit tests say.
void others() {
  fill({});
  softmax_int16({0x50000000, 12}, x, y, 1000);
  for (std::size_t i = 0; i < 1000; ++i) expected_y[i] = y[i];
  keep(1000);
  table_int16(softmax_tables.exponential.data(), 1000, x, y);
  for (std::size_t i = 0; i < 1000; ++i) expected_y[i] = y[i];
  keep(1000);
}

using namespace tenon;
using Pairs = Graph<In<"x", 8, 6>, Node<"a", Slice<0, 0, 4>, "x">, Node<"b", Slice<0, 4>, "x">,
                    Node<"product", Multiply, "a", "b">, Node<"difference", Subtract, "a", "product">,
                    Node<"larger", Maximum, "difference", "b">, Node<"chosen", Where, "larger", "product", "a">,
                    Node<"sum", Add<>, "larger", "chosen", "b">, Out<"sum">>;
using Net = StoreActivations<
    Sequential<Input<3, 8, 7>, ZeroPad2D<0, 1, 0, 1>, Conv2D<8, 3, stride<2>>, HardSwish, SqueezeExcite<2>,
               Conv2D<8, 3, padding<1>, groups<8>>, ReLU, Concat<Identity, Sequential<Conv2D<3, 1>, Tanh>>,
               Upsample<2, 1, bilinear>, ConvTranspose2D<4, 3, stride<2>, padding<1>>, PReLU<>, MaxPool2D<3>,
               Reshape<4, 5>, Dense<12>, Reshape<8, 6>, Pairs, Concat<Identity, Sigmoid, Softmax>>,
    activation_bits<16>>;
constexpr auto make_numbers() {
  constexpr const auto& plan = edge::quantized_plan<Net>;
  static_assert(plan.fits);
  QuantizedNumbers<Net> q;
  unsigned state = 1;
  const auto next = [&state](int range) {
    state = state * 1664525U + 1013904223U;
    return static_cast<int>(state >> 16) % (2 * range + 1) - range;
  };
  q.scale[0] = 1.0F / 16384;
  for (std::size_t k = 0; k < plan.count; ++k) {
    const edge::QuantizedStep& step = plan.steps[k];
    const float in = q.scale[step.source];
    q.scale[k + 1] = step.fixed_scale > 0 ? static_cast<float>(step.fixed_scale)
                     : step.is_pair() || step.pattern.kind == edge::StepKind::join ? in * 1.25F
                                                                                   : in;
    for (std::size_t o = 0; o < step.factors; ++o) q.weight_scale[step.row + o] = -0.3F;
    if (!step.multiplies()) continue;
    q.scale[k + 1] = 1.0F / 8192;
    for (std::size_t o = 0; o < step.outputs(); ++o) {
      const std::size_t row = step.row + step.packed_row(o);
      q.weight_scale[row] = 0.004F + 0.0003F * static_cast<float>(o);
      q.bias[row] = next(2000) * 100;
      for (std::size_t i = 0; i < step.columns(); ++i) step.put_weight(q.weights, o, i, next(127));
    }
  }
  return q;
}
constexpr QuantizedNumbers<Net> numbers = make_numbers();
Quantized<Net, numbers> net;

void network() {
  for (int sample = 0; sample < 12; ++sample) {
    for (std::int16_t& v : net.input()) v = static_cast<std::int16_t>(static_cast<std::uint16_t>(draw()));
    net.run();
    std::uint32_t sum = 0;
    for (const std::int16_t v : net.output()) sum = sum * 31 + static_cast<std::uint16_t>(v);
    bytes[cases++] = sum;
  }
}

void run() {
  constexpr Scales bounded{.shift = 9, .low = -6000, .high = 9000}, large{.shift = -3}, small{.shift = 24};
  constexpr Scales far{.far = true}, farthest{.shift = 11, .largest = true, .far = true}, most{.largest = true};
  dense(130, 24), dense(64, 9), dense(5, 3), dense(29, 13), dense(29, 13, bounded), dense(29, 13, large);
  dense(29, 13, small), dense(29, 13, far), dense(1300, 9, farthest), dense(512, 5, most), dense(517, 5, far);
  convolve({16, 16, 7, 3}), convolve({3, 8, 9, 3, 2, 0}), convolve({64, 12, 5, 1, 1, 0}), convolve({5, 7, 5, 1, 1, 0});
  convolve({4, 4, 5, 1, 1, 0}), convolve({8, 6, 5, 3}), convolve({8, 8, 7, 3, 1, 1, 2}),
      convolve({6, 8, 7, 3, 1, 2, 1, 2}), convolve({2, 4, 2, 3});
  convolve({8, 8, 5, 3}, bounded), convolve({8, 8, 5, 3}, large), convolve({8, 8, 5, 3}, small);
  convolve({8, 8, 5, 3}, far), convolve({64, 5, 5, 3}, farthest);
  depthwise({16, 16, 6, 3, 1, 1, 16}), depthwise({32, 32, 7, 3, 2, 0, 32}), depthwise({29, 29, 5, 3, 1, 1, 29});
  depthwise({3, 3, 5, 3, 1, 1, 3}), depthwise({16, 16, 7, 3, 1, 2, 16, 2}), depthwise({16, 16, 1, 3, 1, 1, 16});
  depthwise({16, 16, 7, 5, 1, 2, 16}), depthwise({16, 16, 5, 3, 1, 1, 16}, bounded);
  depthwise({16, 16, 5, 3, 1, 1, 16}, far), depthwise({8, 8, 5, 3, 1, 1, 8}, {.shift = 3, .largest = true});
  add(1003, -2, {.shift = 14}), add(37, 3, {.shift = 14, .low = -50, .high = 60}), add(37, 13, {.shift = 14});
  add(37, 18, {.shift = 14}), multiply(100, {.shift = 12}), multiply(100, {.shift = -1, .low = -100});
  others();
  network();
}

}  // namespace

#ifdef TENON_WRITE_EXPECTED

#include <cstdio>

int main() {
  run();
  std::printf("constexpr unsigned expected[]{");
  for (std::size_t i = 0; i < cases; ++i) std::printf("%uU,", static_cast<unsigned>(bytes[i]));
  std::printf("};\n");
  return wrong == 0 ? 0 : 1;
}

#else

#include "expected.hpp"

int main() {
  run();
  bool good = cases == sizeof expected / sizeof *expected && wrong == 0;
  for (std::size_t i = 0; i < cases; ++i)
    if (bytes[i] != expected[i]) {
      platform::print("other bytes in case ", static_cast<std::uint32_t>(i));
      good = false;
    }
  platform::print("other numbers than the reference's: ", static_cast<std::uint32_t>(wrong));
  platform::print("cases: ", static_cast<std::uint32_t>(cases));
  platform::print("stack: ", platform::stack_used());
  platform::print(good ? "all as on the host\n" : "DIFFERENT\n");
  return good ? 0 : 1;
}

#endif
