#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

/// What the decoders of data/pictures.hpp give.
namespace tenon::detail {

/// A picture as it lies in its file, row by row.
struct RawPicture {
  std::size_t width = 0, height = 0;
  std::size_t samples = 0;  // a pixel: 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha
  std::size_t depth = 8;    // bits of a sample, 8 or 16 (the higher byte first)
  int orientation = 1;      // as EXIF counts
  std::vector<std::uint8_t> bytes{};
};

RawPicture decode_png(std::span<const std::byte> file, std::string_view name, std::size_t most_pixels);
RawPicture decode_jpeg(std::span<const std::byte> file, std::string_view name, std::size_t most_pixels);

/// An Error where the sizes are none, or too large.
void check_picture_size(std::string_view name, std::size_t width, std::size_t height, std::size_t most_pixels);

/// The orientation, 1 to 8, in TIFF's bytes; 1 where they say nothing that makes sense.
int exif_orientation(std::span<const std::uint8_t> tiff);

/// "libpng" or "libjpeg-turbo" is not in this build.
[[noreturn]] void refuse_picture(std::string_view name, const char* kind, const char* library, const char* package);

}  // namespace tenon::detail
