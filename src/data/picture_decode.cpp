// One picture: from the bytes of a file to the numbers of a sample.
#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "../report/png_file.hpp"
#include "picture_file.hpp"
#include "picture_load.hpp"
#include "picture_taps.hpp"
#include "tenon/error.hpp"
#include "tenon/io/atomic_file.hpp"
#include "text.hpp"

namespace tenon {
namespace detail {

void check_picture_size(std::string_view name, std::size_t width, std::size_t height, std::size_t most_pixels) {
  if (width == 0 || height == 0)
    throw Error(fmt::format("{}: expected a picture with pixels, got {} x {}", name, width, height));
  if (width > most_pixels / height)
    throw Error(fmt::format("{}: expected a picture of at most {} pixels (.most_pixels), got {} x {}", name,
                            most_pixels, width, height));
}

void refuse_picture(std::string_view name, const char* kind, const char* library, const char* package) {
  throw Error(fmt::format("{}: {} pictures cannot be read: this build of Tenon was made without {} (Debian: {})", name,
                          kind, library, package));
}

int exif_orientation(std::span<const std::uint8_t> tiff) {
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const bool little = tiff[0] == 'I';
  const auto word = [&](std::size_t at, std::size_t size) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | tiff[at + (little ? size - 1 - i : i)];
    return value;
  };
  const std::size_t table = word(4, 4);
  if (word(2, 2) != 42 || table > tiff.size() - 2) return 1;
  const std::size_t entries = std::min(word(table, 2), (tiff.size() - table - 2) / 12);
  for (std::size_t k = 0; k < entries; ++k) {
    const std::size_t at = table + 2 + 12 * k;
    if (word(at, 2) != 0x112) continue;
    const std::size_t value = word(at + 8, 2);  // a short
    return word(at + 2, 2) == 3 && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

namespace {

/// Rows of numbers, upright and in the wanted channels, one channel behind the other.
class Rows {
public:
  Rows(const RawPicture& raw, const PictureOptions& options)
      : raw_(raw),
        channels_(options.channels),
        background_(options.background),
        swap_(raw.orientation >= 5),
        flip_x_(raw.orientation == 2 || raw.orientation == 3 || raw.orientation == 7 || raw.orientation == 8),
        flip_y_(raw.orientation == 3 || raw.orientation == 4 || raw.orientation == 6 || raw.orientation == 7) {}

  std::size_t width() const { return swap_ ? raw_.height : raw_.width; }
  std::size_t height() const { return swap_ ? raw_.width : raw_.height; }

  void row(std::size_t y, float* to) const {
    const std::size_t across = width();
    for (std::size_t x = 0; x < across; ++x) {
      const std::size_t sx = swap_ ? y : x, sy = swap_ ? x : y;
      const auto colour = pixel(flip_x_ ? raw_.width - 1 - sx : sx, flip_y_ ? raw_.height - 1 - sy : sy);
      if (channels_ == 3) {
        for (std::size_t c = 0; c < 3; ++c) to[c * across + x] = colour[c];
      } else {
        const bool grey = colour[0] == colour[1] && colour[1] == colour[2];
        to[x] = grey ? colour[0] : 0.299F * colour[0] + 0.587F * colour[1] + 0.114F * colour[2];
      }
    }
  }

private:
  float sample(std::size_t number) const {
    const std::uint8_t* const b = raw_.bytes.data();
    if (raw_.depth == 8) return static_cast<float>(b[number]) / 255.0F;
    return static_cast<float>(b[2 * number] << 8 | b[2 * number + 1]) / 65535.0F;
  }
  std::array<float, 3> pixel(std::size_t x, std::size_t y) const {
    const std::size_t at = (y * raw_.width + x) * raw_.samples;
    const bool colour = raw_.samples >= 3;
    std::array<float, 3> value{};
    for (std::size_t c = 0; c < 3; ++c) value[c] = sample(at + (colour ? c : 0));
    if (raw_.samples % 2 == 0) {
      const float alpha = sample(at + raw_.samples - 1);
      for (std::size_t c = 0; c < 3; ++c) value[c] = alpha * value[c] + (1 - alpha) * background_[c];
    }
    return value;
  }

  const RawPicture& raw_;
  std::size_t channels_;
  std::array<float, 3> background_;
  bool swap_, flip_x_, flip_y_;
};

RawPicture decode(std::span<const std::byte> file, std::string_view name, std::size_t most_pixels) {
  const auto begins = [&](std::string_view with) {
    return std::string_view(reinterpret_cast<const char*>(file.data()), file.size()).starts_with(with);
  };
  if (begins("\x89PNG\r\n\x1a\n")) return decode_png(file, name, most_pixels);
  if (begins("\xff\xd8\xff")) return decode_jpeg(file, name, most_pixels);
  std::string seems = seems_to_be(file.first(std::min(file.size(), telling_bytes)));
  if (begins("GIF8")) seems = "a GIF";
  else if (begins("BM")) seems = "a BMP";
  else if (begins("RIFF")) seems = "a WebP, or another RIFF file";
  throw Error(fmt::format("{}: expected a PNG or JPEG picture, got {}", name,
                          file.empty() ? "an empty file"
                                       : "another file" + (seems.empty() ? "" : " (it seems to be " + seems + ")")));
}

}  // namespace

void check_picture_options(const PictureOptions& o) {
  if (o.channels != 1 && o.channels != 3)
    throw Error(fmt::format("pictures: expected 1 or 3 channels, got {}", o.channels));
  if ((o.height == 0) != (o.width == 0))
    throw Error(fmt::format("pictures: expected a height and a width, or neither, got {} x {}", o.height, o.width));
  if (o.most_pixels == 0) throw Error("pictures: expected .most_pixels of at least 1, got 0");
  if (o.width > 0 && o.height > o.most_pixels / o.width)
    throw Error(fmt::format("pictures: expected a size of at most {} pixels (.most_pixels), got {} x {}", o.most_pixels,
                            o.height, o.width));
  for (const float b : o.background)
    if (!(b >= 0 && b <= 1)) throw Error(fmt::format("pictures: expected a background from 0 to 1, got {}", b));
}

Pixels decode_picture(std::span<const std::byte> file, std::string_view name, const PictureOptions& options) {
  const RawPicture raw = decode(file, name, options.most_pixels);
  const Rows rows(raw, options);
  const std::size_t width = rows.width(), height = rows.height(), channels = options.channels;
  const std::size_t w = options.width > 0 ? options.width : width, h = options.height > 0 ? options.height : height;
  double part_w = static_cast<double>(width), part_h = static_cast<double>(height);
  if (options.framing == Framing::crop && options.width > 0) {
    const double form = static_cast<double>(w) / static_cast<double>(h);
    (part_w > part_h * form ? part_w : part_h) = part_w > part_h * form ? part_h * form : part_w / form;
  }
  const auto taps = [&](std::size_t from, double part, std::size_t to) {
    return picture_taps(from, (static_cast<double>(from) - part) / 2, part, to, options.resampling);
  };
  const PictureTaps across = taps(width, part_w, w), down = taps(height, part_h, h);

  // a row of the picture becomes one of the new width, which is added to the new rows that it is a part of
  Pixels p{{channels, h, w}, std::vector<float>(channels * h * w)};
  std::vector<float> row(channels * width), narrow(channels * w);
  std::size_t first = 0;
  for (std::size_t y = 0; y < height; ++y) {
    const auto end = [&](std::size_t o) { return down.windows[o].first + down.windows[o].count; };
    while (first < h && end(first) <= y) ++first;
    if (first == h) break;
    if (down.windows[first].first > y) continue;
    rows.row(y, row.data());
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t x = 0; x < w; ++x) {
        const PictureTaps::Window& window = across.windows[x];
        float sum = 0;
        for (std::size_t i = 0; i < window.count; ++i)
          sum += across.weights[window.offset + i] * row[c * width + window.first + i];
        narrow[c * w + x] = sum;
      }
    for (std::size_t o = first; o < h && down.windows[o].first <= y; ++o) {
      if (end(o) <= y) continue;
      const float weight = down.weights[down.windows[o].offset + y - down.windows[o].first];
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t x = 0; x < w; ++x) p.values[(c * h + o) * w + x] += weight * narrow[c * w + x];
    }
  }
  for (float& v : p.values) v = std::clamp(v, 0.0F, 1.0F);  // sums of rounded weights
  return p;
}

Pixels load_picture(const std::string& path, const PictureOptions& options) {
  return within_memory(path, [&] {
    InputFile file(path, "a PNG or JPEG picture");
    // so many bytes hold any picture that is not too large, and what may lie beside it
    const std::size_t most = options.most_pixels > (std::size_t{1} << 50) ? ~std::size_t{0}
                                                                          : 8 * options.most_pixels + (1U << 26);
    if (file.size() > most)
      throw Error(fmt::format("{}: expected a picture in a file of at most {} bytes (8 .most_pixels + 64 MB), got {}",
                              path, most, file.size()));
    std::vector<std::byte> content(file.size());
    file.read(content);
    return decode_picture(content, path, options);
  });
}

}  // namespace detail

Pixels parse_picture(std::span<const std::byte> file, std::string_view name, const PictureOptions& options) {
  detail::check_picture_options(options);
  return detail::within_memory(std::string(name), [&] { return detail::decode_picture(file, name, options); });
}

Pixels read_picture(const std::string& path, const PictureOptions& options) {
  detail::check_picture_options(options);
  return detail::load_picture(path, options);
}

void write_png(const std::string& path, std::span<const float> sample, std::span<const std::size_t> shape) {
  const std::size_t axes = shape.size(), channels = axes == 2 ? 1 : axes == 3 ? shape[0] : 0;
  const std::size_t height = axes >= 2 ? shape[axes - 2] : 0, width = axes >= 2 ? shape[axes - 1] : 0;
  const bool fits = (channels == 1 || channels == 3) && height > 0 && width > 0 && width <= sample.size() / height &&
                    sample.size() == channels * height * width;
  if (!fits)
    throw Error(fmt::format("write_png: {}: expected a sample of 1 or 3 channels, height and width, got {} numbers of "
                            "shape {}",
                            path, sample.size(),
                            detail::shape_text(std::vector<std::size_t>(shape.begin(), shape.end()))));
  std::vector<std::uint8_t> bytes(sample.size());
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < height * width; ++i) {
      const float v = sample[c * height * width + i];
      if (!std::isfinite(v)) throw Error(fmt::format("write_png: {}: expected finite numbers, got {}", path, v));
      bytes[i * channels + c] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(v, 0.0F, 1.0F)));
    }
  write_file_atomically(path, detail::png_file(width, height, channels, bytes));
}

}  // namespace tenon
