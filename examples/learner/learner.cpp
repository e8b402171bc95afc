// A network that learns a new writer's hand on a microcontroller: an int8 backbone that stays as it is, and a float
// head that learns. `backbone.hpp`, `head.hpp` and `samples.hpp` are written by train.cpp; ./run does all of it.
#include "backbone.hpp"
#include "head.hpp"
#include "platform.hpp"
#include "samples.hpp"

#include <tenon/edge/checksum.hpp>
#include <tenon/edge/learner.hpp>

namespace {

using namespace tenon;

using Head = edge::Learner<head::Net, CrossEntropy<>, SGD, 4>;
using Net = edge::OnBackbone<Quantized<backbone::Net, backbone::numbers>, Head>;
static_assert(Net::ram_bytes <= 64 * 1024);

Net net;

std::span<const float, 64> pixels_of(const Sample& sample) {
  static float pixels[64];
  for (int i = 0; i < 64; ++i) pixels[i] = static_cast<float>(sample.pixels[i]) / 255.0F;
  return pixels;
}

/// Right answers in a thousand.
std::uint32_t examine() {
  std::uint32_t shown = 0, right = 0;
  for (const Sample& sample : examination) {
    ++shown;
    if (net.classify(pixels_of(sample)) == sample.label) ++right;
  }
  return right * 1000 / shown;
}

}  // namespace

int main() {
  net.start(head::weights, SGD{.lr = 0.002, .momentum = 0.9});
  const std::uint32_t before = examine();
  platform::print("right before, of 1000: ", before);
  std::uint32_t steps = 0, instructions = 0;
  for (int pass = 0; pass < 8; ++pass)
    for (const Sample& sample : lessons) {
      const auto pixels = pixels_of(sample);
      platform::start_count();
      net.learn(pixels, sample.label);
      instructions += platform::instructions() / 16;  // as many as 32 bits hold
      ++steps;
    }
  const std::uint32_t after = examine();
  platform::print("right after, of 1000: ", after);
  platform::print("samples learned from: ", steps);
  platform::print("RAM: ", sizeof net);
  platform::print("checksum of what was learned: ", crc32(std::as_bytes(net.head().parameters())));
  if (platform::stack_used() > 0) {
    platform::print("instructions a sample: ", instructions / steps * 16);
    platform::print("stack: ", platform::stack_used());
  }
  return before <= 780 && after >= 950 ? 0 : 1;
}
