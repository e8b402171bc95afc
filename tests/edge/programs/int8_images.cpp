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

/// 3x3 depthwise of more channels than one vector takes, with windows inside and across every border, and bounds.
template <std::size_t Stride, std::size_t Dilation, std::int32_t High>
constexpr std::array<std::int8_t, 12 * 9 * 9> depthwise() {
  constexpr std::size_t channels = 12, size = 7, map = (size + 2 - 2 * Dilation - 1) / Stride + 1;
  constexpr kernels::ConvolutionAxis axis{size, map, 3, Stride, Dilation, 1};
  struct Work {
    alignas(4) std::int8_t weights[channels * 9]{}, x[channels * size * size]{};
    std::int32_t bias[channels]{}, multiplier[channels]{};
    alignas(4) std::int8_t shift[channels]{};
  } work;
  unsigned state = 1;
  const auto next = [&state] {
    state = state * 1664525 + 1013904223;
    return static_cast<std::int8_t>(static_cast<int>(state >> 24) - 128);
  };
  for (std::int8_t& w : work.weights) w = next();
  for (std::int8_t& x : work.x) x = next();
  for (std::size_t i = 0; i < channels; ++i) {
    work.bias[i] = 100 * next(), work.multiplier[i] = 0x50000000 + next();
    work.shift[i] = static_cast<std::int8_t>(5 + i % 3);
  }
  const kernels::DenseRows rows{work.weights, work.bias, work.multiplier, work.shift, 0, 0, 3, -128, High};
  std::array<std::int8_t, 12 * 9 * 9> y{};
  kernels::depthwise_int8(rows, {channels, channels, channels, axis, axis}, 5, work.x, y.data());
  return y;
}
template <std::size_t Stride, std::size_t Dilation, std::int32_t High>
std::uint32_t differs_from_the_compiler() {
  constexpr auto expected = depthwise<Stride, Dilation, High>();
  return depthwise<Stride, Dilation, High>() == expected ? 0 : 1;
}

int main() {
  std::uint32_t wrong = passes(net, images_int8::self_test) ? 0 : 1;
  wrong += differs_from_the_compiler<1, 1, 127>() + differs_from_the_compiler<2, 1, 40>() +
           differs_from_the_compiler<1, 2, 40>();
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
