// Recognises sounds on a microcontroller with a network that another tool trained and fine_tune.cpp trained on.
// `keywords.hpp` and `sounds.hpp` are written by that program; ./run does all of it.
#include "keywords.hpp"
#include "platform.hpp"
#include "sounds.hpp"

#include <tenon/edge/checksum.hpp>

using Net = tenon::Quantized<keywords::Net, keywords::numbers>;
static_assert(Net::ram_bytes <= 16 * 1024);

Net net;

int main() {
  if (!passes(net, keywords::self_test)) {
    platform::print("the self-test failed\n");
    return 1;
  }
  std::uint32_t shown = 0, right = 0, checksum = 0;
  for (const Sound& sound : sounds) {
    if (net.classify(sound.features) == sound.label) ++right;
    checksum = tenon::crc32(std::as_bytes(std::span(net.output())), checksum);
    ++shown;
  }
  platform::print("sounds shown: ", shown);
  platform::print("sounds right: ", right);
  platform::print("checksum of the outputs' bytes: ", checksum);
  if (platform::stack_used() > 0) {
    platform::print("RAM of the network: ", sizeof net);
    platform::print("deepest stack: ", platform::stack_used());
  }
  return right * 10 >= shown * 9 ? 0 : 1;
}
