// The int8 kernels by themselves, of every size and scale by which they choose a loop: the same bytes as on the host.
// Loops by hand take whole groups of rows or channels, outputs bounded by int8 alone and scales below a quarter; what
// they leave over, and what they do not take, is here too; and every image once more with its result over itself.
// Built with -DTENON_WRITE_EXPECTED it prints the sums.
#include <tenon/kernels/int8_attention.hpp>
#include <tenon/kernels/int8_depthwise.hpp>
#include <tenon/kernels/int8_overlap.hpp>
#include <tenon/kernels/int8_stored.hpp>
#include <tenon/kernels/int8_sums.hpp>

#include "platform.hpp"
#include "square_image.hpp"

#include <cstddef>
#include <cstdint>

namespace {

using namespace tenon::kernels;

alignas(16) std::int8_t weights[24000], halves[6000], x[9000], other[9000], y[9000], scratch[4000];
std::int32_t bias[160], multiplier[160];
Int24 small_bias[161];
alignas(4) std::int8_t shift[160];
alignas(16) std::int8_t unpacked[2048];
std::int32_t repeated[64];
alignas(4) std::int8_t repeated_shift[64];
std::uint32_t seed = 1, bytes[68];
std::size_t cases = 0, spoiled = 0;
bool as_unpacked = true;

std::uint32_t draw() {
  seed = seed * 1664525U + 1013904223U;
  return seed >> 8;
}
struct Scales {
  int shift = 7, low = -128, high = 127;
};
void fill(int first_shift) {
  for (std::int8_t& w : weights) w = static_cast<std::int8_t>(static_cast<int>(draw() % 255) - 127);
  for (std::int8_t& v : x) v = static_cast<std::int8_t>(draw() & 255);
  for (std::int8_t& v : other) v = static_cast<std::int8_t>(draw() & 255);
  for (std::int8_t& v : y) v = 0;
  for (std::int32_t& b : bias) b = static_cast<std::int32_t>(draw() % 20001) - 10000;
  for (std::int32_t& m : multiplier) m = static_cast<std::int32_t>(0x40000000U + (draw() << 6 & 0x3FFFFFFF));
  for (std::int8_t& s : shift) s = static_cast<std::int8_t>(first_shift + static_cast<int>(draw() % 3));
}
void keep(std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum = sum * 31 + static_cast<std::uint8_t>(y[i]);
  bytes[cases++] = sum;
}
DenseRows rows(std::size_t in, std::size_t out, Scales s) {
  return {weights, bias, multiplier, shift, in_fours(in) / 4, in_fours(out) / 4, 3, s.low, s.high};
}
void dense(std::size_t in, std::size_t out, Scales s = {}) {
  fill(s.shift);
  for (std::size_t i = in; i < in_fours(in); ++i) x[i] = 0;
  dense_int8(rows(in, out, s), x, y);
  keep(out);
}
/// The same once more, with the result over the image and as close to it as it may be.
template <class Kernel>
void follow(const Convolution& c, bool gathered, Kernel kernel) {
  const std::size_t lead = image_lead(c.y, c.x, c.channels, c.features, gathered);
  for (std::size_t i = 0; i < c.image_size(); ++i) other[lead + i] = x[i];
  kernel(other + lead, other);
  for (std::size_t i = 0; i < c.map_size(); ++i) spoiled += other[i] == y[i] ? 0 : 1;
}
void convolve(SquareImage shape, Scales s = {}) {
  fill(s.shift);
  const Convolution c = shape.convolution();
  const auto kernel = [&](const std::int8_t* from, std::int8_t* to) {
    convolution_int8(rows(c.taps() * c.group_channels(), c.group_features(), s), c, -3, from, to, scratch);
  };
  kernel(x, y);
  keep(c.map_size());
  if (c.groups == 1) follow(c, true, kernel);
}
/// A dense layer of one scale, once more with its biases in three bytes.
void in_three_bytes(const DenseRows& kept, StoredRows how) {
  for (std::size_t i = 0; i < 160; ++i) small_bias[i] = bias[i];
  const DenseRowsOf<Int24> small{kept.weights,    small_bias, kept.multiplier, kept.shift, kept.in_groups,
                                 kept.out_groups, kept.zero,  kept.low,        kept.high};
  const auto run = [&](const auto& all, std::int8_t* to) {
    if (how.in_four_bits) dense_four_bits_int8(all, true, x, to);
    else dense_int8<true>(all, x, to);
  };
  run(kept, other);
  run(small, y);
  for (std::size_t i = 0; i < 4 * kept.out_groups; ++i) as_unpacked = as_unpacked && y[i] == other[i];
}
/// Weights of four bits, or of one scale: the bytes of the layer above with the same weights and scales.
void stored(SquareImage shape, StoredRows how, Scales s = {}) {
  fill(s.shift);
  const Convolution c = shape.convolution();
  const bool image = shape.size > 1;
  const std::size_t columns = c.taps() * c.channels, size = in_fours(c.features) * in_fours(columns);
  for (std::size_t i = columns; !image && i < in_fours(columns); ++i) x[i] = 0;
  for (std::int8_t& w : halves) w = 0;
  for (std::size_t i = 0; how.in_four_bits && i < size; ++i) {
    weights[i] = static_cast<std::int8_t>(weights[i] / 16);
    put_four_bits(halves, i, in_fours(columns) / 4, weights[i]);
  }
  for (std::size_t i = 1; how.one_scale && i < 160; ++i) multiplier[i] = multiplier[0], shift[i] = shift[0];
  DenseRows whole = rows(columns, c.features, s), kept = whole;
  if (how.in_four_bits) kept.weights = halves;
  const std::int32_t four[4]{multiplier[0], multiplier[0], multiplier[0], multiplier[0]};
  std::int8_t four_shifts[4]{shift[0], shift[0], shift[0], shift[0]};
  if (how.one_scale) kept.multiplier = four, kept.shift = four_shifts;
  if (image) convolution_int8(whole, c, -3, x, other, scratch);
  else dense_int8(whole, x, other);
  const std::size_t at_once = rows_at_once(in_fours(c.features), in_fours(columns), how.in_four_bits);
  const StoredSpace space{at_once, unpacked, repeated, repeated_shift};
  if (image) convolution_stored_int8(kept, how, space, c, -3, x, y, scratch);
  else if (how.in_four_bits) dense_four_bits_int8(kept, how.one_scale, x, y);
  else dense_int8<true>(kept, x, y);
  for (std::size_t i = 0; i < c.map_size(); ++i) as_unpacked = as_unpacked && y[i] == other[i];
  keep(c.map_size());
  if (image || !how.one_scale) return;
  in_three_bytes(kept, how);
  for (std::int32_t& b : bias) b *= 800;
  for (std::int8_t& s : four_shifts) s = 15;
  in_three_bytes(kept, how);
}
/// Every channel by itself; once more with a weight of -128.
void depthwise(SquareImage shape, Scales s = {}, bool least = false) {
  fill(s.shift);
  if (least) {
    for (std::size_t i = 0; i < 8; ++i) weights[i] = -128;
    for (std::size_t i = 0; i < 2 * shape.channels; ++i) x[i] = -128;
  }
  const Convolution c = shape.convolution();
  const auto kernel = [&](const std::int8_t* from, std::int8_t* to) {
    depthwise_int8(rows(c.taps(), c.channels, s), c, -3, from, to, scratch);
  };
  kernel(x, y);
  keep(c.map_size());
  follow(c, false, kernel);
}
void add(std::size_t size, int first_shift, Scales s = {}) {
  fill(7);
  const auto scale = [](std::size_t i, int down) { return Requantizer{multiplier[i], static_cast<std::int8_t>(down)}; };
  add_int8({scale(0, first_shift), scale(1, first_shift + 1), scale(2, s.shift), -7, 5, -20, {s.low, s.high}}, size, x,
           other, y);
  keep(size);
}
/// Queries, keys and values are the numbers from three places of x on.
void attend(AttentionSizes sizes) {
  fill(7);
  HalvingTable halving;
  for (std::size_t i = 0; i < 65; ++i) halving.at[i] = static_cast<std::uint16_t>(65535 - 511 * i);
  std::int32_t scores[300];
  attend_int8({sizes, {0x50000000, 15}, {0x60000000, 17}, 11, -4, 0, 3, &halving}, x, x + 2001, x + 4002, nullptr, y,
              scores);
  keep(sizes.queries * sizes.width);
}

void run() {
  constexpr Scales bounded{.shift = 7, .low = -60, .high = 90}, large{.shift = -1}, small{.shift = 25};
  dense(130, 24), dense(64, 9), dense(5, 3), dense(29, 13), dense(29, 13, bounded), dense(29, 13, large);
  dense(29, 13, small);
  convolve({16, 16, 7, 3}), convolve({3, 8, 9, 3, 2, 0}), convolve({64, 12, 5, 1, 1, 0}), convolve({5, 7, 5, 1, 1, 0});
  convolve({4, 4, 5, 1, 1, 0}), convolve({8, 6, 5, 3}), convolve({8, 8, 7, 3, 1, 1, 2}),
      convolve({6, 8, 7, 3, 1, 2, 1, 2});
  convolve({8, 8, 5, 3}, bounded), convolve({8, 8, 5, 3}, large), convolve({8, 8, 5, 3}, small);
  depthwise({16, 16, 6, 3, 1, 1, 16}), depthwise({32, 32, 7, 3, 2, 0, 32}), depthwise({8, 8, 9, 3, 1, 1, 8});
  depthwise({24, 24, 5, 3, 1, 1, 24}), depthwise({29, 29, 5, 3, 1, 1, 29}), depthwise({3, 3, 5, 3, 1, 1, 3});
  depthwise({16, 16, 7, 3, 1, 2, 16, 2}), depthwise({16, 16, 1, 3, 1, 1, 16}), depthwise({16, 16, 7, 5, 1, 2, 16});
  depthwise({16, 16, 5, 3, 1, 1, 16}, bounded), depthwise({16, 16, 5, 3, 1, 1, 16}, large);
  depthwise({16, 16, 5, 3, 1, 1, 16}, {}, true);
  add(1000, -1, {.shift = 19}), add(1003, 2, {.shift = 19, .low = -50, .high = 60}), add(37, 18, {.shift = 19});
  attend({5, 5, 16, 2}), attend({4, 7, 15, 3}), attend({6, 6, 20, 2, true}), attend({2, 131, 13, 1});
  add(37, 3, {.shift = 19}), add(37, 20, {.shift = 19}), add(5, -4, {.shift = 19});
  constexpr StoredRows halves_alone{true, false}, one_scale{false, true}, both{true, true};
  for (const StoredRows how : {halves_alone, one_scale, both}) {
    stored({130, 41, 1, 1, 1, 0}, how), stored({21, 6, 1, 1, 1, 0}, how, bounded), stored({64, 25, 5, 1, 1, 0}, how);
    stored({300, 9, 4, 1, 2, 0}, how), stored({5, 22, 5, 3}, how, large);
  }
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
  bool good = cases == sizeof expected / sizeof *expected && as_unpacked;
  for (std::size_t i = 0; good && i < cases; ++i)
    if (bytes[i] != expected[i]) {
      platform::print("other bytes in case ", static_cast<std::uint32_t>(i));
      good = false;
    }
  if (spoiled > 0) {
    platform::print("spoiled by a result over its image: ", static_cast<std::uint32_t>(spoiled));
    good = false;
  }
  platform::print("cases: ", static_cast<std::uint32_t>(cases));
  platform::print("stack: ", platform::stack_used());
  platform::print(good ? "all as on the host\n" : "DIFFERENT\n");
  return good ? 0 : 1;
}

#endif
