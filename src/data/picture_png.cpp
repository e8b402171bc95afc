#include "picture_file.hpp"

#ifdef TENON_WITH_PICTURES

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

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
void pass_over(png_structp, png_const_charp) {}
void give(png_structp png, png_bytep to, std::size_t count) {
  auto* const p = static_cast<Png*>(png_get_io_ptr(png));
  if (count > p->file.size() - p->at) png_error(png, "the file ends too early");
  std::memcpy(to, p->file.data() + p->at, count);
  p->at += count;
}

Png::Png(std::span<const std::byte> content)
    : file(content), png(png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, pass_over)) {
  if (png == nullptr) throw std::bad_alloc{};
  info = png_create_info_struct(png);
  if (info == nullptr) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    throw std::bad_alloc{};
  }
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
  png_set_expand(p.png);  // palettes to colours, fewer bits to 8, a transparent colour to alpha
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
  return raw;
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
