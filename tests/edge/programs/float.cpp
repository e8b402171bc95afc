// A trained float network on 100 random inputs: the same numbers as on the host, within 1e-6. Built
// with -DTENON_WRITE_EXPECTED it prints those numbers as the header that the others include.
#include "../models/digits.hpp"

#include "platform.hpp"

#include <tenon/random.hpp>

namespace {

using namespace tenon;

constexpr std::uint32_t samples = 100;

Frozen<digits::Net, digits::weights> net;
[[maybe_unused]] Frozen<digits::Net, digits::weights> other;  // several live side by side
float pixels[64];
float probabilities[10];

void draw(std::uint32_t sample) {
  Stream random(7, Purpose::user, sample);
  for (float& pixel : pixels) pixel = random.uniform<float>();
}

}  // namespace

#ifdef TENON_WRITE_EXPECTED

#include <cstdio>

int main() {
  std::printf("constexpr float expected[][10] = {\n");
  for (std::uint32_t s = 0; s < samples; ++s) {
    draw(s);
    net(pixels, probabilities);
    for (const float& p : probabilities) std::printf("%s%aF", &p == probabilities ? "{" : ",", static_cast<double>(p));
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
  std::uint32_t wrong = 0;
  float worst = self_test_error(net, digits::self_test);
  for (std::uint32_t s = 0; s < samples; ++s) {
    draw(s);
    net(pixels, probabilities);
    for (int i = 0; i < 10; ++i) {
      const float error = probabilities[i] < expected[s][i] ? expected[s][i] - probabilities[i]
                                                            : probabilities[i] - expected[s][i];
      if (!(error <= worst)) worst = error;
    }
    if (other.classify(pixels) != expected_class[s]) ++wrong;
  }
  if (net.classify(digits::self_test.input) != 7) ++wrong;
  platform::print("worst error in 1e-9: ", static_cast<std::uint32_t>(worst * 1e9F));
  platform::print("wrong classes: ", wrong);
  platform::print("RAM of the object: ", sizeof net);
  platform::print("stack: ", platform::stack_used());
  const bool good = worst <= 1e-6F && wrong == 0;
  platform::print(good ? "all as on the host\n" : "DIFFERENT\n");
  return good ? 0 : 1;
}

#endif
