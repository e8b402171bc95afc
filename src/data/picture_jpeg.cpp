#include "picture_file.hpp"

#ifdef TENON_WITH_PICTURES

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <string>

#include <jpeglib.h>  // needs cstdio before it

#include <jerror.h>

#include <fmt/format.h>

#include "tenon/error.hpp"

namespace tenon::detail {
namespace {

constexpr int most_scans = 200;  // a progressive file has about ten

/// As with libpng: errors leave by longjmp, what is to be destroyed lies out here.
struct Jpeg {
  std::span<const std::byte> file;
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape{};
  char message[JMSG_LENGTH_MAX] = "";
  RawPicture picture{};

  explicit Jpeg(std::span<const std::byte> content) : file(content) {}
  Jpeg(const Jpeg&) = delete;
  Jpeg& operator=(const Jpeg&) = delete;
  ~Jpeg() { jpeg_destroy_decompress(&info); }
};

[[noreturn]] void fail(j_common_ptr info) {
  auto* const p = static_cast<Jpeg*>(info->client_data);
  (*info->err->format_message)(info, p->message);
  std::longjmp(p->escape, 1);
}
/// What libjpeg only warns of is damage too, but for a few things that are common and leave the picture whole.
void warn(j_common_ptr info, int level) {
  if (level >= 0) return;
  const int code = info->err->msg_code;
  if (code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC)
    return;
  fail(info);
}
void say_nothing(j_common_ptr) {}
void watch(j_common_ptr info) {
  if (!info->is_decompressor) return;
  auto* const p = static_cast<Jpeg*>(info->client_data);
  if (p->info.input_scan_number <= most_scans) return;
  std::snprintf(p->message, sizeof p->message, "more than %d scans", most_scans);
  std::longjmp(p->escape, 1);
}

bool read_header(Jpeg& p) {
  p.info.err = jpeg_std_error(&p.errors);
  p.errors.error_exit = fail;
  p.errors.emit_message = warn;
  p.errors.output_message = say_nothing;
  p.info.client_data = &p;  // jpeg_create_decompress keeps these two
  if (setjmp(p.escape) != 0) return false;
  jpeg_create_decompress(&p.info);
  p.progress.progress_monitor = watch;
  p.info.progress = &p.progress;
  jpeg_mem_src(&p.info, reinterpret_cast<const unsigned char*>(p.file.data()), p.file.size());
  jpeg_save_markers(&p.info, JPEG_APP0 + 1, 0xffff);  // EXIF
  jpeg_read_header(&p.info, TRUE);
  return true;
}

bool read_rows(Jpeg& p) {
  if (setjmp(p.escape) != 0) return false;
  jpeg_start_decompress(&p.info);
  while (p.info.output_scanline < p.info.output_height) {
    JSAMPROW row = p.picture.bytes.data() + p.info.output_scanline * p.picture.width * p.picture.samples;
    jpeg_read_scanlines(&p.info, &row, 1);
  }
  jpeg_finish_decompress(&p.info);
  return true;
}

int orientation(const jpeg_decompress_struct& info) {
  constexpr std::string_view begin("Exif\0\0", 6);
  for (jpeg_saved_marker_ptr m = info.marker_list; m != nullptr; m = m->next) {
    const std::span<const std::uint8_t> data(m->data, m->data_length);
    if (data.size() > begin.size() && std::equal(begin.begin(), begin.end(), data.begin()))
      return exif_orientation(data.subspan(begin.size()));
  }
  return 1;
}

}  // namespace

RawPicture decode_jpeg(std::span<const std::byte> file, std::string_view name, std::size_t most_pixels) {
  Jpeg p(file);
  const auto check = [&](bool good) {
    if (!good) throw Error(fmt::format("{}: expected a whole JPEG picture, got a damaged one: {}", name, p.message));
  };
  check(read_header(p));
  const std::size_t width = p.info.image_width, height = p.info.image_height, pixels = width * height;
  check_picture_size(name, width, height, most_pixels);
  const J_COLOR_SPACE space = p.info.jpeg_color_space;
  if (space == JCS_CMYK || space == JCS_YCCK)
    throw Error(fmt::format("{}: JPEG pictures in CMYK are not supported: expected grey or red, green and blue", name));
  if (space != JCS_GRAYSCALE && space != JCS_YCbCr && space != JCS_RGB)
    throw Error(fmt::format("{}: expected a JPEG picture that is grey or red, green and blue, got {} components", name,
                            p.info.num_components));
  // a block of 64 pixels takes two bits at least, where one code does not stand for many blocks
  if (!p.info.progressive_mode && !p.info.arith_code && pixels / 256 > file.size())
    throw Error(fmt::format("{}: expected a whole JPEG picture, got {} bytes, too few for {} x {} pixels", name,
                            file.size(), width, height));
  p.info.out_color_space = space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  p.info.mem->max_memory_to_use = static_cast<long>(8 * pixels + (std::size_t{1} << 24));
  p.picture = {width, height, space == JCS_GRAYSCALE ? std::size_t{1} : std::size_t{3}, 8, orientation(p.info)};
  p.picture.bytes.resize(pixels * p.picture.samples);
  check(read_rows(p));
  return std::move(p.picture);
}

}  // namespace tenon::detail

#else

namespace tenon::detail {
RawPicture decode_jpeg(std::span<const std::byte>, std::string_view name, std::size_t) {
  refuse_picture(name, "JPEG", "libjpeg-turbo", "libjpeg-dev");
}
}  // namespace tenon::detail

#endif
