// Draws digits on a microcontroller: the decoder of a variational autoencoder in int8. `decoder.hpp` and `codes.hpp`
// are written by train_decoder.cpp; ./draw does all of it.
#include "decoder.hpp"
#include "codes.hpp"
#include "platform.hpp"

using Decoder = tenon::Quantized<decoder::Net, decoder::numbers>;

constexpr std::size_t pixels = tenon::output_shape<decoder::Net>::size, width = pixels == 784 ? 28 : 8;
static_assert(width * width == pixels);
static_assert(Decoder::weight_bytes <= 100'000);

Decoder net;
float images[10][pixels];

int main() {
  std::uint32_t checksum = 2166136261U;  // FNV-1a of the bytes that were drawn
  platform::start_count();
  for (std::size_t digit = 0; digit < 10; ++digit) {
    net(codes[digit], images[digit]);
    for (const std::int8_t byte : net.output()) checksum = (checksum ^ static_cast<std::uint8_t>(byte)) * 16777619U;
  }
  const std::uint32_t spent = platform::instructions() / 10;

  // rows of digits side by side, as many as 80 columns hold
  constexpr std::size_t beside = 80 / (2 * width) > 5 ? 5 : 80 / (2 * width);
  for (std::size_t first = 0; first < 10; first += beside)
    for (std::size_t row = 0; row < width; ++row) {
      char line[81] = {};
      std::size_t at = 0;
      for (std::size_t digit = first; digit < first + beside && digit < 10; ++digit)
        for (std::size_t column = 0; column < width; ++column) {
          const float ink = images[digit][row * width + column];
          const char shade = " .:*#@"[ink >= 1 ? 5 : static_cast<int>(6 * ink)];
          line[at++] = shade;
          line[at++] = shade;
        }
      platform::print(line);
      platform::print("\n");
    }
  platform::print("weights: ", Decoder::weight_bytes);
  platform::print("RAM of the network: ", sizeof net);
  platform::print("instructions a digit: ", spent);
  platform::print("checksum: ", checksum);
}
