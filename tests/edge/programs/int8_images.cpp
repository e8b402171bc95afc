// An int8 network for images on 128 random inputs: the same bytes as on the host. Built with
// -DTENON_WRITE_EXPECTED it prints those bytes as the header that the others include.
#include "../models/images_int8.hpp"

#include "platform.hpp"

#include <tenon/random.hpp>

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

int main() {
  std::uint32_t wrong = passes(net, images_int8::self_test) ? 0 : 1;
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
