// Windows of 3x3 pixels over images of every small size, with each kind of padding and stride, in the two forms that
// have loops of their own: eight channels by themselves, which Helium takes by pairs of pixels, and three colours,
// which Armv7E-M widens by hand. The same bytes as plain loops give here and as on the host; and every image once more
// with its result over itself. Built with -DTENON_WRITE_EXPECTED it prints the sums.
#include <tenon/kernels/int8_depthwise.hpp>
#include <tenon/kernels/int8_overlap.hpp>

#include "platform.hpp"

#include <cstddef>
#include <cstdint>

namespace {

using namespace tenon::kernels;

constexpr std::int8_t outside = -3;
alignas(16) std::int8_t weights[600], x[1200], other[1200], y[1200], scratch[400];
std::int32_t bias[16], multiplier[16];
alignas(4) std::int8_t shift[16];
std::uint32_t seed = 1, bytes[40];
std::size_t cases = 0, wrong = 0, spoiled = 0;

std::uint32_t draw() {
  seed = seed * 1664525U + 1013904223U;
  return seed >> 8;
}
struct Scales {
  int shift = 7, low = -128, high = 127;
  bool least = false;  // -128 in weights of neighbouring taps, and in most of the image
};
void fill(Scales s) {
  for (std::int8_t& w : weights) w = static_cast<std::int8_t>(static_cast<int>(draw() % 255) - 127);
  for (std::size_t i = 0; s.least && i < 8; ++i) weights[i] = -128;
  for (std::int8_t& v : x) v = static_cast<std::int8_t>(s.least && draw() % 4 > 0 ? 128 : draw() & 255);
  for (std::int32_t& b : bias) b = static_cast<std::int32_t>(draw() % 20001) - 10000;
  for (std::int32_t& m : multiplier) m = static_cast<std::int32_t>(0x40000000U + (draw() << 6 & 0x3FFFFFFF));
  for (std::int8_t& v : shift) v = static_cast<std::int8_t>(s.shift + static_cast<int>(draw() % 3));
}
std::int8_t plain(const Convolution& c, Scales s, std::size_t row, std::size_t column, std::size_t feature) {
  const bool alone = c.groups > 1;
  std::int32_t sum = bias[feature];
  for (std::size_t tap = 0; tap < 9; ++tap) {
    const std::size_t line = row * c.y.stride + tap / 3 * c.y.dilation - c.y.before;
    const std::size_t pixel = column * c.x.stride + tap % 3 * c.x.dilation - c.x.before;
    const bool inside = line < c.y.image && pixel < c.x.image;  // in front of the image they are very large
    for (std::size_t i = 0; i < c.group_channels(); ++i) {
      const std::size_t channel = alone ? feature : i;
      const std::int8_t value = inside ? x[(line * c.x.image + pixel) * c.channels + channel] : outside;
      sum += value * weights[alone ? depthwise_place(feature, tap, 9) : packed_place(feature, 3 * tap + i, 27)];
    }
  }
  const std::int32_t value = Requantizer{multiplier[feature], shift[feature]}(sum) + 3;
  return static_cast<std::int8_t>(value < s.low ? s.low : value > s.high ? s.high : value);
}
void run(const Convolution& c, Scales s) {
  const bool alone = c.groups > 1;
  fill(s);
  const std::size_t columns = alone ? 9 : 27;
  const DenseRows rows{weights, bias,  multiplier, shift, in_fours(columns) / 4, in_fours(c.features) / 4,
                       3,       s.low, s.high};
  const auto kernel = [&](const std::int8_t* from, std::int8_t* to) {
    if (!alone) convolution_int8(rows, c, outside, from, to, scratch);
    else if (depthwise_takes_pairs(c)) depthwise_pairs_int8(rows, c, outside, from, to, scratch);
    else depthwise_int8(rows, c, outside, from, to, scratch);
  };
  kernel(x, y);
  const std::int8_t* at = y;
  for (std::size_t row = 0; row < c.y.map; ++row)
    for (std::size_t column = 0; column < c.x.map; ++column)
      for (std::size_t feature = 0; feature < c.features; ++feature, ++at)
        wrong += *at == plain(c, s, row, column, feature) ? 0 : 1;
  for (std::size_t i = 0; i < c.map_size(); ++i) bytes[cases] = bytes[cases] * 31 + static_cast<std::uint8_t>(y[i]);
  const std::size_t lead = image_lead(c.y, c.x, c.channels, c.features, !alone);
  for (std::size_t i = 0; i < c.image_size(); ++i) other[lead + i] = x[i];
  kernel(other + lead, other);
  for (std::size_t i = 0; i < c.map_size(); ++i) spoiled += other[i] == y[i] ? 0 : 1;
}
struct Kind {
  std::size_t stride, before, after, dilation = 1;
};
/// Images of 1 to 5 lines of 1 to 9 pixels, as far as a window fits.
void sizes(std::size_t features, bool alone, Kind lines, Kind columns, Scales s = {}) {
  const auto axis = [](std::size_t image, Kind k) {
    const std::size_t all = k.before + image + k.after, reach = 2 * k.dilation;
    return ConvolutionAxis{.image = image,
                           .map = all > reach ? (all - reach - 1) / k.stride + 1 : 0,
                           .kernel = 3,
                           .stride = k.stride,
                           .dilation = k.dilation,
                           .before = k.before};
  };
  for (std::size_t height = 1; height <= 5; height += height < 3 ? 1 : 2)
    for (std::size_t width = 1; width <= 9; width += width < 7 ? 1 : 2) {
      const Convolution c{.channels = alone ? features : 3,
                          .features = features,
                          .groups = alone ? features : 1,
                          .y = axis(height, lines),
                          .x = axis(width, columns)};
      if (c.y.map > 0 && c.x.map > 0) run(c, s);
    }
  ++cases;
}

void run() {
  constexpr Scales bounded{.low = -60, .high = 90}, large{.shift = -1}, small{.shift = 25}, least{.least = true};
  constexpr Kind kinds[]{{1, 0, 0}, {1, 1, 1}, {1, 0, 1}, {1, 1, 0}, {1, 2, 2}, {2, 0, 0}, {2, 1, 1}, {2, 0, 1}};
  for (const bool alone : {true, false}) {
    for (const Kind k : kinds) sizes(8, alone, k, k);
    sizes(8, alone, {2, 1, 0}, {1, 0, 2}), sizes(8, alone, {1, 2, 0, 2}, {1, 1, 1}),
        sizes(8, alone, {1, 1, 1}, {1, 2, 1, 2});
    for (const Scales s : {bounded, large, small, least}) sizes(8, alone, {1, 1, 1}, {1, 1, 1}, s);
  }
  sizes(6, false, {1, 1, 1}, {2, 1, 1}), sizes(16, true, {1, 1, 1}, {1, 1, 1});
}

}  // namespace

#ifdef TENON_WRITE_EXPECTED

#include <cstdio>

int main() {
  run();
  std::printf("constexpr unsigned expected[]{");
  for (std::size_t i = 0; i < cases; ++i) std::printf("%uU,", static_cast<unsigned>(bytes[i]));
  std::printf("};\n");
}

#else

#include "expected.hpp"

int main() {
  run();
  bool good = cases == sizeof expected / sizeof *expected && wrong == 0 && spoiled == 0;
  for (std::size_t i = 0; good && i < cases; ++i)
    if (bytes[i] != expected[i]) {
      platform::print("other bytes in case ", static_cast<std::uint32_t>(i));
      good = false;
    }
  platform::print("cases: ", static_cast<std::uint32_t>(cases));
  platform::print("other than by plain loops: ", static_cast<std::uint32_t>(wrong));
  platform::print("spoiled by a result over its image: ", static_cast<std::uint32_t>(spoiled));
  platform::print("stack: ", platform::stack_used());
  platform::print(good ? "all as on the host\n" : "DIFFERENT\n");
  return good ? 0 : 1;
}

#endif
