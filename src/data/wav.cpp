#include "tenon/data/wav.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "npy.hpp"
#include "tenon/error.hpp"

namespace tenon {
namespace {

using detail::little_endian;

const char* format_name(unsigned format) {
  switch (format) {
  case 1:
    return "integers";
  case 2:
    return "Microsoft ADPCM";
  case 3:
    return "floats";
  case 6:
    return "A-law";
  case 7:
    return "mu-law";
  case 0x11:
    return "IMA ADPCM";
  case 0x55:
    return "MP3";
  default:
    return "an unknown format";
  }
}

Wav parse(std::span<const std::byte> file, std::string_view name) {
  const auto text = [&](std::size_t at, std::size_t size) {
    return std::string_view(reinterpret_cast<const char*>(file.data()) + at, size);
  };
  if (file.size() < 12 || text(0, 4) != "RIFF" || text(8, 4) != "WAVE") {
    const std::string seems = detail::seems_to_be(file.first(std::min(file.size(), detail::telling_bytes)));
    throw Error(fmt::format("{}: expected a WAV file, beginning RIFF....WAVE, got another{}", name,
                            seems.empty() ? seems : " (it seems to be " + seems + ")"));
  }
  Wav wav;
  unsigned format = 0, bits = 0;
  for (std::size_t at = 12; file.size() - at >= 8;) {
    const std::string_view id = text(at, 4);
    const std::size_t size = little_endian<std::uint32_t>(file.data() + at + 4), left = file.size() - at - 8;
    if (size > left)
      throw Error(fmt::format("{}: truncated WAV file: expected {} bytes in chunk {}, got {}", name, size,
                              detail::quoted_text(id), left));
    const std::byte* const chunk = file.data() + at + 8;
    if (id == "fmt ") {
      if (size < 16) throw Error(fmt::format("{}: expected a format of at least 16 bytes, got {}", name, size));
      format = little_endian<std::uint16_t>(chunk);
      wav.channels = little_endian<std::uint16_t>(chunk + 2);
      wav.rate = little_endian<std::uint32_t>(chunk + 4);
      bits = little_endian<std::uint16_t>(chunk + 14);
      if (format == 0xfffe && size >= 26)
        format = little_endian<std::uint16_t>(chunk + 24);  // WAVE_FORMAT_EXTENSIBLE: in its sub-format
      if (!(format == 1 && bits == 16) && !(format == 3 && bits == 32))
        throw Error(fmt::format("{}: {} of {} bits are not supported: expected integers of 16 bits or floats of 32",
                                name, format_name(format), bits));
      if (wav.channels == 0 || wav.rate == 0)
        throw Error(
            fmt::format("{}: expected at least one channel and a rate, got {} and {}", name, wav.channels, wav.rate));
    } else if (id == "data") {
      if (bits == 0) throw Error(fmt::format("{}: expected a format before the samples, got none", name));
      const std::size_t width = bits / 8, count = size / width;
      if (size % (width * wav.channels) != 0)
        throw Error(fmt::format("{}: expected whole samples of {} bytes in {} channels, got {} bytes", name, width,
                                wav.channels, size));
      wav.samples.resize(count);
      const std::size_t length = count / wav.channels;
      for (std::size_t i = 0; i < length; ++i)
        for (std::size_t c = 0; c < wav.channels; ++c) {
          const std::byte* const from = chunk + (i * wav.channels + c) * width;
          const float value = bits == 16
                                  ? static_cast<float>(static_cast<std::int16_t>(little_endian<std::uint16_t>(from))) /
                                        32768.0F
                                  : std::bit_cast<float>(little_endian<std::uint32_t>(from));
          if (!std::isfinite(value))
            throw Error(fmt::format("{}: expected finite samples, got {} at {}", name, value, i));
          wav.samples[c * length + i] = value;
        }
      return wav;
    }
    at += 8 + size;
    if (size % 2 == 1 && at < file.size()) ++at;  // chunks begin at even bytes
  }
  throw Error(fmt::format("{}: expected a chunk of samples, got the end of the file", name));
}

}  // namespace

std::span<const float> Wav::channel(std::size_t k) const {
  if (k >= channels) throw Error(fmt::format("Wav: expected a channel below {}, got {}", channels, k));
  return std::span(samples).subspan(k * length(), length());
}

Wav parse_wav(std::span<const std::byte> file, std::string_view name) {
  return detail::within_memory(std::string(name), [&] { return parse(file, name); });
}

Wav read_wav(const std::string& path) {
  const std::string content = detail::read_file(path, "a WAV file");
  return parse_wav(std::as_bytes(std::span(content)), path);
}

}  // namespace tenon
