#include "tenon/data/idx.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include <fmt/format.h>
#define ZLIB_CONST  // zlib takes input it doesn't change as const
#include <zlib.h>

#include "../io/input_file.hpp"
#include "../io/words.hpp"
#include "tenon/error.hpp"
#include "tenon/io/atomic_file.hpp"
#include "text.hpp"

namespace tenon {
namespace {

/// How far packed files may unpack. Deflate could reach 1032 times; data that are meant to be learned from do not,
/// but for small ones.
constexpr std::size_t most_unpacking = 100, free_unpacking = std::size_t{64} << 20;

std::size_t saturating_product(std::size_t a, std::size_t b) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  return b != 0 && a > most / b ? most : a * b;
}

/// Reads the bytes of a file in memory one after the other, inflating them on the way when the
/// file begins as gzip files do.
class Source {
public:
  Source(std::span<const std::byte> file, std::string_view name) : left_{file}, name_{name} {
    gzip_ = file.size() >= 2 && file[0] == std::byte{0x1F} && file[1] == std::byte{0x8B};
    if (gzip_ && inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK)
      throw Error(fmt::format("{}: zlib cannot be started", name));
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (gzip_) inflateEnd(&stream_);
  }

  bool gzip() const { return gzip_; }

  /// How many bytes there can be.
  std::size_t at_most() const {
    if (!gzip_) return left_.size();
    return std::max(saturating_product(packed_, most_unpacking), free_unpacking);
  }

  /// Fills the span as far as there are bytes.
  std::size_t read(std::span<std::byte> out) {
    if (gzip_) return inflate_into(out);
    const std::size_t got = std::min(out.size(), left_.size());
    std::ranges::copy(left_.first(got), out.begin());
    left_ = left_.subspan(got);
    return got;
  }

  /// Whether the gzip stream stopped before its end.
  bool cut_off() const { return cut_off_; }

private:
  std::size_t inflate_into(std::span<std::byte> out) {
    constexpr std::size_t step = std::size_t{1} << 30;  // zlib counts in 32 bits
    std::size_t got = 0;
    while (got < out.size() && !finished_) {
      const std::size_t offered = std::min(left_.size(), step);
      const std::size_t space = std::min(out.size() - got, step);
      stream_.next_in = reinterpret_cast<const Bytef*>(left_.data());
      stream_.avail_in = static_cast<uInt>(offered);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + got);
      stream_.avail_out = static_cast<uInt>(space);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      left_ = left_.subspan(offered - stream_.avail_in);
      got += space - stream_.avail_out;
      if (status == Z_STREAM_END) {
        // Gzip streams may follow one another; anything else fails as the next one's header.
        finished_ = left_.empty();
        if (!finished_) inflateReset(&stream_);
      } else if (status == Z_BUF_ERROR) {
        finished_ = cut_off_ = true;
      } else if (status != Z_OK) {
        throw Error(fmt::format("{}: expected gzip data, got a damaged stream ({})", name_,
                                stream_.msg != nullptr ? stream_.msg : "no detail"));
      }
    }
    return got;
  }

  std::span<const std::byte> left_;
  std::size_t packed_ = left_.size();
  std::string_view name_;
  z_stream stream_{};
  bool gzip_ = false;
  bool finished_ = false;
  bool cut_off_ = false;
};

std::size_t width(IdxType type) {
  switch (type) {
  case IdxType::uint8:
  case IdxType::int8:
    return 1;
  case IdxType::int16:
    return 2;
  case IdxType::int32:
  case IdxType::float32:
    return 4;
  case IdxType::float64:
    return 8;
  }
  return 0;  // not a type of the format
}

template <class Word>
Word big_endian(const std::byte* bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < sizeof(Word); ++i) word = word << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return static_cast<Word>(word);
}

/// The bytes the axes ask for, or nothing where no machine could hold them.
std::optional<std::size_t> byte_count(const std::vector<std::size_t>& shape, IdxType type) {
  std::size_t count = width(type);
  for (const std::size_t extent : shape) {
    count = saturating_product(count, extent);
    if (count > std::numeric_limits<std::size_t>::max() / 2) return std::nullopt;
  }
  return count;
}

/// The elements of one type, as numbers of another.
template <class Word, class Element, class T>
void widen(const std::vector<std::byte>& bytes, std::vector<T>& values) {
  values.resize(bytes.size() / sizeof(Word));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<T>(std::bit_cast<Element>(big_endian<Word>(bytes.data() + i * sizeof(Word))));
}

template <class T>
void widen(const IdxTensor& tensor, std::vector<T>& values) {
  const std::vector<std::byte>& bytes = tensor.bytes;
  switch (tensor.type) {
  case IdxType::uint8:
    widen<std::uint8_t, std::uint8_t>(bytes, values);
    break;
  case IdxType::int8:
    widen<std::uint8_t, std::int8_t>(bytes, values);
    break;
  case IdxType::int16:
    widen<std::uint16_t, std::int16_t>(bytes, values);
    break;
  case IdxType::int32:
    widen<std::uint32_t, std::int32_t>(bytes, values);
    break;
  case IdxType::float32:
    widen<std::uint32_t, float>(bytes, values);
    break;
  case IdxType::float64:
    widen<std::uint64_t, double>(bytes, values);
    break;
  }
}

}  // namespace

void IdxTensor::copy_to(std::vector<float>& values) const { widen(*this, values); }
void IdxTensor::copy_to(std::vector<double>& values) const { widen(*this, values); }

namespace {

std::string hint(std::span<const std::byte> file) {
  const std::string words = detail::seems_to_be(file);
  return words.empty() ? words : " (it seems to be " + words + ")";
}

IdxTensor parse(std::span<const std::byte> file, std::string_view name) {
  Source source{file, name};
  // the span is (a part of) what `before` bytes come before and what ends after `end`
  const auto expect = [&](std::span<std::byte> out, std::size_t before, std::size_t end, const char* part) {
    const std::size_t got = source.read(out);
    if (got != out.size())
      throw Error(fmt::format("{}: truncated {}: expected {} bytes{}, got {}", name, part, end,
                              source.cut_off() ? " unpacked" : "", before + got));
  };

  std::byte magic[4];
  expect(magic, 0, sizeof magic, "IDX header");
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0})
    throw Error(fmt::format("{}: bad magic number: expected an IDX file, starting 00 00, got "
                            "{:02x} {:02x}{}",
                            name, std::to_integer<unsigned>(magic[0]), std::to_integer<unsigned>(magic[1]),
                            source.gzip() ? std::string() : hint(file)));
  IdxTensor tensor;
  tensor.name = name;
  tensor.type = static_cast<IdxType>(magic[2]);
  if (width(tensor.type) == 0)
    throw Error(fmt::format("{}: unsupported element type: expected 08, 09, 0b, 0c, 0d or 0e, got "
                            "{:02x}",
                            name, std::to_integer<unsigned>(magic[2])));
  const auto rank = std::to_integer<std::size_t>(magic[3]);
  if (rank == 0) throw Error(fmt::format("{}: expected at least one axis, got rank 0", name));

  std::vector<std::byte> sizes(4 * rank);
  expect(sizes, sizeof magic, sizeof magic + sizes.size(), "IDX header");
  for (std::size_t axis = 0; axis < rank; ++axis)
    tensor.shape.push_back(big_endian<std::uint32_t>(sizes.data() + 4 * axis));

  const std::size_t header = sizeof magic + sizes.size();
  const auto count = byte_count(tensor.shape, tensor.type);
  if (!count)
    throw Error(fmt::format("{}: impossible size: no memory holds the declared {} elements", name,
                            detail::shape_text(tensor.shape)));
  // Declared sizes that the file cannot fill must not become an allocation.
  if (source.gzip() && *count > source.at_most())
    throw Error(
        fmt::format("{}: expected a gzip file that unpacks to at most {} bytes ({} times its size, or 64 MB), got one "
                    "that declares {} ({})",
                    name, source.at_most(), most_unpacking, *count, detail::shape_text(tensor.shape)));
  if (*count > source.at_most())
    throw Error(fmt::format("{}: truncated IDX data: expected {} bytes ({} after the header), got "
                            "{}",
                            name, header + *count, detail::shape_text(tensor.shape), header + source.at_most()));
  // What gzip only claims must not either: memory grows with what there is.
  for (std::size_t got = 0; got < *count || got == 0;) {
    const std::size_t more = source.gzip() ? std::min(*count - got, std::max(got, std::size_t{1} << 16)) : *count;
    tensor.bytes.resize(got + more);
    expect(std::span(tensor.bytes).subspan(got), header + got, header + *count, "IDX data");
    got += more;
    if (more == 0) break;
  }

  std::byte extra[1];
  if (source.read(extra) != 0)
    throw Error(fmt::format("{}: trailing bytes: expected {} bytes, got more", name, header + *count));
  if (source.cut_off())
    throw Error(fmt::format("{}: truncated gzip stream: expected a checksum after {} unpacked "
                            "bytes, got the end of the file",
                            name, header + *count));
  return tensor;
}

}  // namespace

IdxTensor parse_idx(std::span<const std::byte> file, std::string_view name) {
  return detail::within_memory(std::string(name), [&] { return parse(file, name); });
}

IdxTensor read_idx_file(const std::string& path) {
  const std::string content = detail::read_file(path, "an IDX file");
  return parse_idx(std::as_bytes(std::span{content}), path);
}

void write_idx_file(const std::string& path, const IdxTensor& tensor) {
  const std::size_t rank = tensor.shape.size();
  if (rank == 0 || rank > 255) throw Error(fmt::format("{}: an IDX file has 1 to 255 axes, not {}", path, rank));
  std::string header{0, 0, static_cast<char>(tensor.type), static_cast<char>(rank)};
  for (const std::size_t extent : tensor.shape) {
    if (extent > std::numeric_limits<std::uint32_t>::max())
      throw Error(fmt::format("{}: an axis of {} elements doesn't fit in an IDX file", path, extent));
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(extent >> shift);
  }
  if (const auto expected = byte_count(tensor.shape, tensor.type); tensor.bytes.size() != expected)
    throw Error(fmt::format("{}: expected {} bytes for {} elements, got {}", path, expected.value_or(0),
                            detail::shape_text(tensor.shape), tensor.bytes.size()));

  const std::array<std::span<const std::byte>, 2> pieces{std::as_bytes(std::span(header)), tensor.bytes};
  write_file_atomically(path, pieces);
}

namespace {

Dataset<float> dataset_of(const IdxTensor& images, const IdxTensor& labels, const ReadOptions& options) {
  if (options.classes == 0) throw Error("ReadOptions: classes: expected at least 1, got 0");
  if (!std::isfinite(static_cast<float>(options.scale)))
    throw Error(fmt::format("ReadOptions: scale: expected a finite number, got {}", options.scale));
  const std::size_t rank = images.shape.size();
  if (rank < 2 || rank > 4) throw Error(fmt::format("{}: expected images of 2 to 4 axes, got {}", images.name, rank));
  if (labels.shape.size() != 1)
    throw Error(fmt::format("{}: expected labels of 1 axis, got {}", labels.name, labels.shape.size()));
  if (labels.type == IdxType::float32 || labels.type == IdxType::float64)
    throw Error(fmt::format("{}: expected integer labels, got floating-point numbers", labels.name));
  if (images.shape[0] != labels.shape[0])
    throw Error(fmt::format("{}: expected {} labels, as many as there are images in {}, got {}", labels.name,
                            images.shape[0], images.name, labels.shape[0]));
  if (std::ranges::find(images.shape, std::size_t{0}) != images.shape.end())
    throw Error(
        fmt::format("{}: expected images, got an empty tensor of {}", images.name, detail::shape_text(images.shape)));

  std::vector<std::int32_t> classes;
  classes.reserve(labels.shape[0]);
  for (const double label : labels.values<double>()) {
    if (label < 0 || label >= static_cast<double>(options.classes))
      throw Error(fmt::format("{}: label {} of sample {} is outside the {} classes: expected 0 to "
                              "{}",
                              labels.name, label, classes.size(), options.classes,
                              static_cast<double>(options.classes) - 1));
    classes.push_back(static_cast<std::int32_t>(label));
  }

  auto features = images.values<float>();
  for (float& value : features)  // in double: 128 / 255 is then correctly rounded
    value = static_cast<float>(static_cast<double>(value) * options.scale);

  std::vector<std::size_t> sample_shape(images.shape.begin() + 1, images.shape.end());
  if (rank == 3) sample_shape.insert(sample_shape.begin(), 1);
  return {std::move(sample_shape), std::move(features), Labels{std::move(classes), options.classes}};
}

}  // namespace

Dataset<float> idx_dataset(const IdxTensor& images, const IdxTensor& labels, const ReadOptions& options) {
  return detail::within_memory(images.name, [&] { return dataset_of(images, labels, options); });
}

Dataset<float> read_idx(const std::string& images_path, const std::string& labels_path, const ReadOptions& options) {
  return idx_dataset(read_idx_file(images_path), read_idx_file(labels_path), options);
}

}  // namespace tenon
