#include "picture_file.hpp"

#ifdef TENON_WITH_PICTURES

#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "tenon/data/pictures.hpp"
#include "tenon/error.hpp"

namespace tenon {
bool reads_pictures() noexcept { return true; }
}  // namespace tenon

namespace tenon::detail {
namespace {

/// libpng leaves its functions by longjmp where something is wrong. What is to be destroyed lies out here, and what
/// calls setjmp has nothing to destroy.
struct Png {
  std::span<const std::byte> file;
  std::size_t at = 0;
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[160] = "";
  std::vector<png_bytep> rows{};
  std::size_t width = 0, height = 0, packed_row = 0, row = 0, samples = 0, depth = 0;
  int orientation = 1;
  std::array<std::array<std::uint8_t, 4>, 256> palette{};  // red, green, blue, alpha
  std::size_t colours = 0;                                 // of the palette; 0 without one
  bool transparent = false;                                // some of them

  explicit Png(std::span<const std::byte> content);
  Png(const Png&) = delete;
  Png& operator=(const Png&) = delete;
  ~Png() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto* const p = static_cast<Png*>(png_get_error_ptr(png));
  std::snprintf(p->message, sizeof p->message, "%s", message);
  png_longjmp(png, 1);
}
/// What libpng only warns of is damage where the pixels depend on it: a checksum of the pixels, a table of transparency
/// that was left out. More data than the pixels need, and what is said about other chunks, leave the picture whole.
void warn(png_structp png, png_const_charp message) {
  const std::string_view text = message;
  const auto begins = [&](std::string_view with) { return text.starts_with(with); };
  const auto ends = [&](std::string_view with) { return text.ends_with(with); };
  if (!(begins("IHDR") || begins("PLTE") || begins("tRNS") || begins("IDAT") || begins("IEND"))) return;
  if (ends("Too much image data") || ends("Extra compressed data")) return;
  png_error(png, message);
}
void give(png_structp png, png_bytep to, std::size_t count) {
  auto* const p = static_cast<Png*>(png_get_io_ptr(png));
  if (count > p->file.size() - p->at) png_error(png, "the file ends too early");
  std::memcpy(to, p->file.data() + p->at, count);
  p->at += count;
}

Png::Png(std::span<const std::byte> content)
    : file(content), png(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, warn)) {
  if (png == nullptr) throw std::bad_alloc{};
  info = png_create_info_struct(png);
  if (info == nullptr) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    throw std::bad_alloc{};
  }
}

/// The colours of a palette, with alpha where some are transparent.
void read_palette(Png& p) {
  png_colorp colours = nullptr;
  png_bytep alpha = nullptr;
  int count = 0, alphas = 0;
  png_get_PLTE(p.png, p.info, &colours, &count);
  png_get_tRNS(p.png, p.info, &alpha, &alphas, nullptr);
  p.transparent = alphas > 0;
  p.colours = static_cast<std::size_t>(count);
  for (int i = 0; i < count; ++i)
    p.palette[static_cast<std::size_t>(i)] = {colours[i].red, colours[i].green, colours[i].blue,
                                              i < alphas ? alpha[i] : std::uint8_t{255}};
}

bool read_header(Png& p, png_uint_32 most) {
  if (setjmp(png_jmpbuf(p.png)) != 0) return false;
  png_set_read_fn(p.png, &p, give);
  png_set_user_limits(p.png, most, most);
  png_set_chunk_malloc_max(p.png, 1 << 20);
  png_set_chunk_cache_max(p.png, 16);
  // texts, profiles and the like may be packed tightly and are of no use: they are not unpacked
  png_set_keep_unknown_chunks(p.png, PNG_HANDLE_CHUNK_NEVER,
                              reinterpret_cast<png_const_bytep>("iCCP\0iTXt\0tEXt\0zTXt\0sPLT"), 5);
  png_read_info(p.png, p.info);
  p.width = png_get_image_width(p.png, p.info);
  p.height = png_get_image_height(p.png, p.info);
  p.packed_row = png_get_rowbytes(p.png, p.info);
#ifdef PNG_eXIf_SUPPORTED
  png_bytep exif = nullptr;
  png_uint_32 length = 0;
  if (png_get_eXIf_1(p.png, p.info, &length, &exif) != 0) p.orientation = exif_orientation({exif, length});
#endif
  if (png_get_color_type(p.png, p.info) == PNG_COLOR_TYPE_PALETTE) {
    read_palette(p);
    png_set_packing(p.png);  // an index a byte
  } else {
    png_set_expand(p.png);  // fewer bits to 8, a transparent colour to alpha
  }
  png_set_interlace_handling(p.png);
  png_read_update_info(p.png, p.info);
  p.row = png_get_rowbytes(p.png, p.info);
  p.samples = png_get_channels(p.png, p.info);
  p.depth = png_get_bit_depth(p.png, p.info);
  return true;
}

bool read_rows(Png& p) {
  if (setjmp(png_jmpbuf(p.png)) != 0) return false;
  png_read_image(p.png, p.rows.data());
  png_read_end(p.png, nullptr);
  return true;
}

/// Colours in place of their numbers. libpng makes black of a number that the palette does not have.
RawPicture with_colours(const Png& p, const RawPicture& numbers, std::string_view name) {
  RawPicture picture{numbers.width, numbers.height, p.transparent ? std::size_t{4} : std::size_t{3}, 8,
                     numbers.orientation};
  picture.bytes.resize(numbers.bytes.size() * picture.samples);
  auto* to = picture.bytes.data();
  for (std::size_t i = 0; i < numbers.bytes.size(); ++i) {
    const std::size_t colour = numbers.bytes[i];
    if (colour >= p.colours)
      throw Error(fmt::format("{}: expected colours from 0 to {}, as the palette has {}, got {} in row {}, column {}",
                              name, p.colours - 1, p.colours, colour, i / numbers.width, i % numbers.width));
    to = std::copy_n(p.palette[colour].begin(), picture.samples, to);
  }
  return picture;
}

}  // namespace

RawPicture decode_png(std::span<const std::byte> file, std::string_view name, std::size_t most_pixels) {
  Png p(file);
  const auto check = [&](bool good) {
    if (!good) throw Error(fmt::format("{}: expected a whole PNG picture, got a damaged one: {}", name, p.message));
  };
  // the limit is checked below, with a message of its own
  check(read_header(p, 0x7fffffff));
  check_picture_size(name, p.width, p.height, most_pixels);
  // deflate makes 1032 bytes of one at most
  if (static_cast<double>(p.packed_row) * static_cast<double>(p.height) > 1040.0 * static_cast<double>(file.size()))
    throw Error(fmt::format("{}: expected a whole PNG picture, got {} bytes, too few for {} x {} pixels", name,
                            file.size(), p.width, p.height));
  RawPicture raw{p.width, p.height, p.samples, p.depth, p.orientation};
  raw.bytes.resize(p.row * p.height);
  p.rows.resize(p.height);
  for (std::size_t y = 0; y < p.height; ++y) p.rows[y] = raw.bytes.data() + y * p.row;
  check(read_rows(p));
  return p.colours > 0 ? with_colours(p, raw, name) : raw;
}

}  // namespace tenon::detail

#else

#include "tenon/data/pictures.hpp"

namespace tenon {
bool reads_pictures() noexcept { return false; }
}  // namespace tenon

namespace tenon::detail {
RawPicture decode_png(std::span<const std::byte>, std::string_view name, std::size_t) {
  refuse_picture(name, "PNG", "libpng", "libpng-dev");
}
}  // namespace tenon::detail

#endif
