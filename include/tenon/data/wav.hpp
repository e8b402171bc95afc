#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// Sound of a WAV file: samples from -1 to 1, those of one channel behind those of another.
struct Wav {
  std::uint32_t rate = 0;  // samples a second
  size_t channels = 0;
  std::vector<float> samples;

  size_t length() const noexcept { return channels == 0 ? 0 : samples.size() / channels; }
  /// An Error where there is none of this number, from 0.
  std::span<const float> channel(size_t k) const;
};

/// A RIFF file of 16-bit integers, divided by 32768, or of 32-bit floats; other formats are an Error by their name. A
/// file may be cut off behind its samples' chunk only. Reading takes at most four times the file's bytes and 1 MB.
Wav read_wav(const std::string& path);
Wav parse_wav(std::span<const std::byte> file, std::string_view name);

}  // namespace tenon
