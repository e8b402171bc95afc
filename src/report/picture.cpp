#include <tenon/report/picture.hpp>

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>

#include "png_file.hpp"

namespace tenon {

namespace {

constexpr double most_pixels = 268435456;

struct Range {
  float low = 0, high = 0;
};

float finite(float number) { return std::isfinite(number) ? number : 0.0F; }

Range range_of(std::span<const float> numbers) {
  if (numbers.empty()) return {};
  Range range{finite(numbers[0]), finite(numbers[0])};
  for (const float number : numbers)
    range = {std::min(range.low, finite(number)), std::max(range.high, finite(number))};
  return range;
}

std::uint8_t shade(float part) { return static_cast<std::uint8_t>(std::lround(255 * std::clamp(part, 0.0F, 1.0F))); }

struct Colour {
  std::uint8_t red, green, blue;
};
Colour colour_of(float number, const Range& range, Palette palette) {
  if (palette == Palette::gray) {
    const float width = range.high / 2 - range.low / 2;  // halves: the difference of two floats may be none
    const std::uint8_t level = shade(width > 0 ? (number / 2 - range.low / 2) / width : 0.5F);
    return {level, level, level};
  }
  const float most = std::max(std::abs(range.low), std::abs(range.high));
  const float part = most > 0 ? number / most : 0.0F;
  const std::uint8_t rest = shade(1 - std::abs(part));
  return part < 0 ? Colour{rest, rest, 255} : Colour{255, rest, rest};
}

using Bytes = std::vector<std::byte>;

void append_number(Bytes& bytes, std::size_t number) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::byte>(number >> shift & 0xffU));
}
void append_chunk(Bytes& file, const char* kind, const Bytes& content) {
  append_number(file, content.size());
  const std::size_t start = file.size();
  for (int i = 0; i < 4; ++i) file.push_back(static_cast<std::byte>(kind[i]));
  file.insert(file.end(), content.begin(), content.end());
  append_number(
      file, ::crc32(0, reinterpret_cast<const Bytef*>(file.data() + start), static_cast<uInt>(file.size() - start)));
}

}  // namespace

Picture picture(std::span<const float> numbers, std::size_t height, std::size_t width, const Tiles& tiles) {
  const bool fits = height > 0 && width > 0 && height <= numbers.size() / width;  // else the product may be any number
  const std::size_t size = fits ? height * width : 0;
  if (size == 0 || numbers.size() % size != 0)
    throw Error("picture: expected whole images of " + std::to_string(height) + " x " + std::to_string(width) +
                " numbers, got " + std::to_string(numbers.size()) + " numbers");
  const std::size_t count = numbers.size() / size, zoom = std::max<std::size_t>(tiles.zoom, 1);
  const std::size_t square = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const std::size_t columns = std::min(count, tiles.columns > 0 ? tiles.columns : square);
  const std::size_t rows = (count + columns - 1) / columns, gap = 2;
  const auto pixels = [&](std::size_t tiles, std::size_t side) {
    return static_cast<double>(tiles) * (static_cast<double>(side) * static_cast<double>(zoom) + gap);
  };
  if (pixels(columns, width) * pixels(rows, height) > most_pixels)
    throw Error("picture: expected at most 2^28 pixels, got " + std::to_string(count) + " images of " +
                std::to_string(height) + " x " + std::to_string(width) + ", each " + std::to_string(zoom) +
                " times as large");

  Picture p{columns * (width * zoom + gap) - gap, rows * (height * zoom + gap) - gap};
  p.rgb.assign(p.width * p.height * 3, std::uint8_t{255});
  const Range all = range_of(numbers);
  for (std::size_t tile = 0; tile < count; ++tile) {
    const std::span<const float> image = numbers.subspan(tile * size, size);
    const Range range = tiles.together ? all : range_of(image);
    const std::size_t top = tile / columns * (height * zoom + gap), left = tile % columns * (width * zoom + gap);
    for (std::size_t y = 0; y < height * zoom; ++y)
      for (std::size_t x = 0; x < width * zoom; ++x) {
        const Colour colour = colour_of(finite(image[y / zoom * width + x / zoom]), range, tiles.palette);
        std::uint8_t* pixel = p.rgb.data() + ((top + y) * p.width + left + x) * 3;
        pixel[0] = colour.red;
        pixel[1] = colour.green;
        pixel[2] = colour.blue;
      }
  }
  return p;
}

namespace detail {

std::vector<std::byte> png_file(std::size_t width, std::size_t height, std::size_t channels,
                                std::span<const std::uint8_t> samples) {
  constexpr std::size_t most = 0x7fffffff;  // in a PNG file
  if (width > most || height > most || samples.size() != width * height * channels || samples.empty())
    throw Error("png: expected " + std::to_string(width) + " x " + std::to_string(height) + " x " +
                std::to_string(channels) + " bytes, got " + std::to_string(samples.size()));
  // each line begins with the number of its filter: none
  std::vector<Bytef> lines;
  lines.reserve(samples.size() + height);
  for (std::size_t y = 0; y < height; ++y) {
    lines.push_back(0);
    const auto line = samples.subspan(y * width * channels, width * channels);
    lines.insert(lines.end(), line.begin(), line.end());
  }
  uLongf length = compressBound(lines.size());
  Bytes packed(length);
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &length, lines.data(), lines.size(), Z_BEST_COMPRESSION) !=
      Z_OK)
    throw Error("png: cannot compress " + std::to_string(lines.size()) + " bytes");
  packed.resize(length);

  Bytes header;
  append_number(header, width);
  append_number(header, height);
  // 8 bits a sample, grey or red green blue; deflate, plain filters, not interlaced
  for (const int byte : {8, channels == 1 ? 0 : 2, 0, 0, 0}) header.push_back(static_cast<std::byte>(byte));
  Bytes file;
  for (const int byte : {0x89, 'P' + 0, 'N' + 0, 'G' + 0, '\r' + 0, '\n' + 0, 0x1a, '\n' + 0})
    file.push_back(static_cast<std::byte>(byte));
  append_chunk(file, "IHDR", header);
  append_chunk(file, "IDAT", packed);
  append_chunk(file, "IEND", {});
  return file;
}

}  // namespace detail

std::vector<std::byte> png(const Picture& p) { return detail::png_file(p.width, p.height, 3, p.rgb); }

void save_png(const std::string& path, const Picture& p) { write_file_atomically(path, png(p)); }

}  // namespace tenon
