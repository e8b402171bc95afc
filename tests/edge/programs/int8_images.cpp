// An int8 network for images on 128 random inputs: the same bytes as on the host. Built with
// -DTENON_WRITE_EXPECTED it prints those bytes as the header that the others include.
#include "../models/images_int8.hpp"

#include "platform.hpp"

#include <tenon/random.hpp>

#include <array>

namespace {

using namespace tenon;

constexpr std::uint32_t samples = 128;

Quantized<images_int8::Net, images_int8::numbers> net;
[[maybe_unused]] Quantized<images_int8::Net, images_int8::numbers> other;  // several live side by side
float pixels[64];

void draw(std::uint32_t sample) {
  Stream random(7, Purpose::user, sample);
  for (float& pixel : pixels) pixel = random.uniform<float>(-0.25F, 1.25F);
}

/// Half of the samples come as floats, half as bytes.
void run(std::uint32_t sample) {
  if (sample % 2 == 0) {
    float probabilities[10];
    draw(sample);
    net(pixels, probabilities);
  } else {
    Stream random(7, Purpose::user, sample);
    for (std::int8_t& number : net.input())
      number = static_cast<std::int8_t>(static_cast<std::uint8_t>(random.next() >> 24));
    net.run();
  }
}

}  // namespace

#ifdef TENON_WRITE_EXPECTED

#include <cstdio>

int main() {
  std::printf("constexpr signed char expected[][10] = {\n");
  for (std::uint32_t s = 0; s < samples; ++s) {
    run(s);
    std::printf("{");
    for (const std::int8_t p : net.output()) std::printf("%d,", p);
    std::printf("},\n");
  }
  std::printf("};\nconstexpr int expected_class[] = {");
  for (std::uint32_t s = 0; s < samples; ++s) {
    draw(s);
    std::printf("%d,", net.classify(pixels));
  }
  std::printf("};\n");
}

#else

#include "expected.hpp"

/// Numbers for a convolution of 8x7 pixels, whose rows are `rows`, with columns of `columns` weights.
template <std::size_t Rows, std::size_t Columns, std::size_t Pixels>
struct Work {
  alignas(4) std::int8_t weights[Rows * Columns]{}, x[Pixels + 4]{}, scratch[5 * Columns + Rows]{};
  alignas(4) std::int32_t bias[Rows]{}, multiplier[Rows]{};
  alignas(4) std::int8_t shift[Rows]{};

  constexpr Work() {
    unsigned state = 1;
    const auto next = [&state] {
      state = state * 1664525 + 1013904223;
      return static_cast<std::int8_t>(static_cast<int>(state >> 24) - 128);
    };
    for (std::int8_t& w : weights) w = next() == -128 ? std::int8_t{127} : next();
    for (std::int8_t& v : x) v = next();
    for (std::size_t i = 0; i < Rows; ++i) {
      bias[i] = 100 * next(), multiplier[i] = 0x50000000 + next();
      shift[i] = static_cast<std::int8_t>(5 + i % 3);
    }
  }
  constexpr kernels::DenseRows rows(std::int32_t high) const {
    return {weights, bias, multiplier, shift, Columns / 4, Rows / 4, 3, -128, high};
  }
};

/// 3x3 depthwise of more channels than one vector takes, with windows inside and across every border, and bounds.
template <std::size_t Channels, std::size_t Stride, std::size_t Dilation, std::int32_t High>
constexpr std::array<std::int8_t, Channels * 9 * 9> depthwise() {
  constexpr std::size_t size = 7, map = (size + 2 - 2 * Dilation - 1) / Stride + 1;
  constexpr kernels::ConvolutionAxis axis{size, map, 3, Stride, Dilation, 1};
  Work<kernels::in_fours(Channels), 12, Channels * size * size> work;
  std::array<std::int8_t, Channels * 9 * 9> y{};
  kernels::depthwise_int8(work.rows(High), {Channels, Channels, Channels, axis, axis}, 5, work.x, y.data(),
                          work.scratch);
  return y;
}
/// 3x3 and 1x1 of an odd number of pixels, and features that fill no group.
template <std::size_t Channels, std::size_t Features, std::size_t Kernel, std::int32_t High>
constexpr std::array<std::int8_t, Features * 49> convolve() {
  constexpr kernels::ConvolutionAxis axis{7, 7, Kernel, 1, 1, Kernel / 2};
  constexpr std::size_t columns = kernels::in_fours(Channels * Kernel * Kernel);
  Work<kernels::in_fours(Features), columns, Channels * 49> work;
  std::array<std::int8_t, Features * 49> y{};
  kernels::convolution_int8(work.rows(High), {Channels, Features, 1, axis, axis}, 5, work.x, y.data(), work.scratch);
  return y;
}
template <auto... Argument>
std::uint32_t depthwise_differs() {  // from what the compiler computes
  constexpr auto expected = depthwise<Argument...>();
  return depthwise<Argument...>() == expected ? 0 : 1;
}
template <auto... Argument>
std::uint32_t convolution_differs() {
  constexpr auto expected = convolve<Argument...>();
  return convolve<Argument...>() == expected ? 0 : 1;
}

int main() {
  std::uint32_t wrong = passes(net, images_int8::self_test) ? 0 : 1;
  wrong += depthwise_differs<12, 1, 1, 127>() + depthwise_differs<12, 2, 1, 40>() + depthwise_differs<14, 1, 2, 40>() +
           depthwise_differs<14, 2, 1, 127>() + depthwise_differs<5, 1, 2, 127>();
  wrong += convolution_differs<3, 6, 3, 127>() + convolution_differs<3, 7, 3, 127>() +
           convolution_differs<8, 12, 1, 127>() + convolution_differs<20, 6, 1, 40>();
  for (std::uint32_t s = 0; s < samples; ++s) {
    run(s);
    for (std::size_t i = 0; i < 10; ++i)
      if (net.output()[i] != expected[s][i]) ++wrong;
    draw(s);
    if (other.classify(pixels) != expected_class[s]) ++wrong;
  }
  platform::print("wrong numbers: ", wrong);
  platform::print("RAM of the object: ", sizeof net);
  platform::print("stack: ", platform::stack_used());
  platform::print(wrong == 0 ? "all as on the host\n" : "DIFFERENT\n");
  return wrong == 0 ? 0 : 1;
}

#endif
