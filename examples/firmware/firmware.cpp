// Reads handwritten digits on a microcontroller without an operating system. `digits.hpp` and
// `pictures.hpp` are written by train.cpp; ./run does all of it.
#include "digits.hpp"
#include "pictures.hpp"
#include "platform.hpp"

using Digits = tenon::Quantized<digits::Net, digits::numbers>;
static_assert(Digits::ram_bytes <= 128);

Digits net;

int main() {
  if (!passes(net, digits::self_test)) {
    platform::print("the self-test failed\n");
    return 1;
  }
  std::uint32_t shown = 0, right = 0;
  platform::print("recognised:");
  for (const Picture& picture : pictures) {
    const int digit = net.classify(picture.pixels);
    platform::print(" ");
    platform::print(static_cast<std::uint32_t>(digit));
    ++shown;
    if (digit == picture.label) ++right;
  }
  platform::print("\n");
  platform::print(right);
  platform::print(" of ");
  platform::print(shown);
  platform::print(" digits right\n");
  platform::print("RAM of the network: ", sizeof net);
  platform::print("deepest stack: ", platform::stack_used());
  return right * 10 >= shown * 9 ? 0 : 1;
}
