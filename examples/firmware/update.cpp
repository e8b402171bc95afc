// The same network with its numbers outside of the program: a blob in a flash of its own, which an update over the air
// replaces while the program stays. `digits.hpp` and `digits.blob` are written by train.cpp; ./run does all of it.
#include <tenon/edge/quantized_blob.hpp>

#include "digits.hpp"
#include "platform.hpp"

#include <array>
#include <cstddef>
#include <span>

// What was received, as the linker puts it into the external flash (board/cortex_m.ld).
asm(".section .external, \"a\"\n"
    ".balign 8\n"
    "blob_begin: .incbin \"digits.blob\"\n"
    "blob_end:\n"
    ".text\n");
extern "C" const std::byte blob_begin[], blob_end[];

using Net = digits::Net;

int main() {
  const std::span<const std::byte> received(blob_begin, blob_end);
  const auto update = tenon::open_quantized<Net>(received);
  if (!update) {
    platform::print(tenon::describe(update.status).data());
    return 1;
  }
  tenon::Quantized<Net> net{*update.tables};
  if (!passes(net, digits::self_test)) {
    platform::print("the self-test failed\n");
    return 1;
  }
  platform::print("from external flash, bytes: ", static_cast<std::uint32_t>(received.size()));
  platform::print("RAM of the network: ", sizeof net);

  // Another one came with a bit flipped: it is not run.
  alignas(8) static std::array<std::byte, sizeof(tenon::edge::QuantizedTables<Net>) + 16> damaged;
  for (std::size_t i = 0; i < damaged.size(); ++i) damaged[i] = received[i];
  damaged[1000] ^= std::byte{4};
  const auto refused = tenon::open_quantized<Net>(damaged);
  platform::print("one bit wrong: ");
  platform::print(tenon::describe(refused.status).data());
  platform::print("\n");
  return refused ? 1 : 0;
}
