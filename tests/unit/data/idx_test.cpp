#include "tenon/data/idx.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>
#include <zlib.h>

#include <catch2/catch.hpp>

#include "tenon/error.hpp"

#include "support/folder.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using tenon::IdxTensor;
using tenon::IdxType;
using tenon::test::Folder;

namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string idx(int type, const std::vector<std::uint32_t>& shape, const std::string& data) {
  std::string file = bytes({0, 0, type, static_cast<int>(shape.size())});
  for (const std::uint32_t extent : shape) file += big_endian(extent);
  return file + data;
}

std::string gzip(const std::string& content) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

void write(const std::string& path, const std::string& content) { std::ofstream{path, std::ios::binary} << content; }

IdxTensor parse(const std::string& file) { return tenon::parse_idx(std::as_bytes(std::span{file}), "some.idx"); }

const std::string six = bytes({1, 2, 3, 4, 5, 255});

}  // namespace

TEST_CASE("an IDX file gives its shape and its numbers, plain or packed") {
  const std::string plain = idx(0x08, {2, 3}, six);
  for (const std::string& file : {plain, gzip(plain)}) {
    const IdxTensor tensor = parse(file);
    CHECK(tensor.type == IdxType::uint8);
    CHECK(tensor.shape == std::vector<std::size_t>{2, 3});
    CHECK(tensor.values<float>() == std::vector<float>{1, 2, 3, 4, 5, 255});
  }
}

TEST_CASE("every element type of the format is read") {
  const auto values = [](const std::string& file) { return parse(file).values<double>(); };
  CHECK(values(idx(0x09, {2}, bytes({0x7f, 0x80}))) == std::vector<double>{127, -128});
  CHECK(values(idx(0x0B, {2}, bytes({1, 2, 0xff, 0xfe}))) == std::vector<double>{258, -2});
  CHECK(values(idx(0x0C, {2}, bytes({0, 1, 0, 2, 0xff, 0xff, 0xff, 0xfd}))) == std::vector<double>{65538, -3});
  CHECK(values(idx(0x0D, {1}, bytes({0x3f, 0xc0, 0, 0}))) == std::vector<double>{1.5});
  CHECK(values(idx(0x0E, {1}, bytes({0xbf, 0xd0, 0, 0, 0, 0, 0, 0}))) == std::vector<double>{-0.25});
}

TEST_CASE("gzip is recognised by content, not by name") {
  const Folder folder;
  const std::string plain = idx(0x08, {2, 3}, six);
  write(folder / "plain.gz", plain);
  write(folder / "packed", gzip(plain));
  CHECK(tenon::read_idx_file(folder / "plain.gz").shape.size() == 2);
  CHECK(tenon::read_idx_file(folder / "packed").shape.size() == 2);
}

TEST_CASE("gzip members may follow one another") {
  const std::string plain = idx(0x08, {2, 3}, six);
  CHECK(parse(gzip(plain.substr(0, 7)) + gzip(plain.substr(7))).values<float>().back() == 255);
}

TEST_CASE("files that aren't IDX are refused") {
  CHECK_THROWS_WITH(
      parse("\x89PNG...."),
      "some.idx: bad magic number: expected an IDX file, starting 00 00, got 89 50 (it seems to be a PNG picture)");
  CHECK_THROWS_WITH(parse(gzip("hello, world")), Contains("bad magic number") && Contains("68 65"));
  CHECK_THROWS_WITH(parse(idx(0x0A, {1}, "x")), "some.idx: unsupported element type: "
                                                "expected 08, 09, 0b, 0c, 0d or 0e, got 0a");
  CHECK_THROWS_WITH(parse(idx(0x08, {}, "x")), "some.idx: expected at least one axis, got rank 0");
}

TEST_CASE("a file cut off anywhere is refused") {
  const std::string plain = idx(0x08, {2, 3}, six);
  for (std::size_t length = 0; length < plain.size(); ++length) {
    CAPTURE(length);
    CHECK_THROWS_WITH(parse(plain.substr(0, length)),
                      StartsWith("some.idx: truncated") && Contains("got " + std::to_string(length)));
  }
  CHECK_THROWS_WITH(parse(plain.substr(0, 15)), "some.idx: truncated IDX data: "
                                                "expected 18 bytes (2x3 after the header), got 15");
  CHECK_THROWS_WITH(parse(plain.substr(0, 9)), "some.idx: truncated IDX header: expected 12 bytes, got 9");
}

TEST_CASE("a gzip stream cut off anywhere is refused") {
  const std::string packed = gzip(idx(0x08, {2, 3}, six));
  for (std::size_t length = 2; length < packed.size(); ++length) {
    CAPTURE(length);
    CHECK_THROWS_WITH(parse(packed.substr(0, length)), StartsWith("some.idx: truncated"));
  }
  CHECK_THROWS_WITH(parse(packed.substr(0, packed.size() - 1)),
                    Contains("truncated gzip stream") && Contains("18 unpacked bytes"));
}

TEST_CASE("a gzip stream that unpacks to less than declared is refused") {
  CHECK_THROWS_WITH(parse(gzip(idx(0x08, {2, 4}, six))), "some.idx: truncated IDX data: expected 20 bytes, got 18");
}

TEST_CASE("a damaged gzip stream is refused") {
  std::string packed = gzip(idx(0x08, {2, 3}, six));
  std::string wrong_sum = packed;
  wrong_sum[packed.size() - 8] = static_cast<char>(wrong_sum[packed.size() - 8] ^ 1);
  CHECK_THROWS_WITH(parse(wrong_sum), Contains("damaged stream (incorrect data check)"));
  CHECK_THROWS_WITH(parse(packed + "rubbish"), Contains("damaged stream"));
  for (std::size_t i = 2; i < packed.size(); ++i) {
    // Flips in the gzip header's time and system bytes are harmless; all others are found.
    std::string flipped = packed;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x10);
    std::string content = six;
    try {
      const IdxTensor tensor = parse(flipped);
      content.assign(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    } catch (const tenon::Error&) {
    }
    CAPTURE(i);
    CHECK(content == six);
  }
}

TEST_CASE("trailing bytes are refused") {
  const std::string plain = idx(0x08, {2, 3}, six) + "x";
  CHECK_THROWS_WITH(parse(plain), "some.idx: trailing bytes: expected 18 bytes, got more");
  CHECK_THROWS_WITH(parse(gzip(plain)), "some.idx: trailing bytes: expected 18 bytes, got more");
}

TEST_CASE("hostile sizes are refused before memory is taken for them") {
  const std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  const std::string overflowing = idx(0x0E, {most, most, most}, six);
  CHECK_THROWS_WITH(parse(overflowing), Contains("impossible size") && Contains("4294967295x4294967295x4294967295"));
  CHECK_THROWS_WITH(parse(gzip(overflowing)), Contains("impossible size"));
  // Exactly 2^64 elements, which would wrap around to none.
  CHECK_THROWS_WITH(parse(idx(0x08, {1u << 31, 1u << 31, 4}, "")), Contains("impossible size"));

  // Terabytes that do fit in 64 bits: the address sanitizer fails on such an allocation.
  const std::string huge = idx(0x08, {most, 28, 280}, six);
  CHECK_THROWS_WITH(parse(huge), "some.idx: truncated IDX data: expected 33672543592816 bytes "
                                 "(4294967295x28x280 after the header), got 22");
  CHECK_THROWS_WITH(parse(gzip(huge)), Contains("expected a gzip file that unpacks to at most 67108864 bytes") &&
                                           Contains("declares 33672543592800"));

  std::string deep = bytes({0, 0, 8, 255});
  for (int axis = 0; axis < 255; ++axis) deep += big_endian(2);
  CHECK_THROWS_WITH(parse(deep), Contains("impossible size"));
}

TEST_CASE("a small packed file that claims much takes little memory, and so does one that unpacks to much") {
  const std::string honest = idx(0x08, {1000, 1000}, std::string(1'000'000, '\0'));
  CHECK(parse(gzip(honest)).bytes.size() == 1'000'000);  // 1000 times as many: small files may
  std::string claim = gzip(idx(0x08, {60, 1000, 1000}, std::string(70'000, 'x')));
  CHECK_THROWS_WITH(parse(claim), "some.idx: truncated IDX data: expected 60000016 bytes, got 70016");
  CHECK_THROWS_WITH(parse(gzip(idx(0x08, {68, 1000, 1000}, ""))),
                    Contains("unpacks to at most 67108864 bytes") && Contains("declares 68000000 (68x1000x1000)"));
}

TEST_CASE("missing files and folders are refused") {
  const Folder folder;
  CHECK_THROWS_WITH(tenon::read_idx_file(folder / "none"),
                    folder / "none" + ": expected an IDX file that can be read, but No such file or directory");
  CHECK_THROWS_WITH(tenon::read_idx_file(folder.path.string()),
                    Contains("expected an IDX file that can be read, but it is a directory"));
}

TEST_CASE("images and labels become a data set") {
  const Folder folder;
  const std::string images = folder / "images.gz";
  const std::string labels = folder / "labels";
  write(images, gzip(idx(0x08, {3, 1, 2}, six)));
  write(labels, idx(0x08, {3}, bytes({9, 0, 4})));

  const auto data = tenon::read_idx(images, labels);
  CHECK(data.size() == 3);
  CHECK(data.sample_shape() == std::vector<std::size_t>{1, 1, 2});
  CHECK(data.classes() == 10);
  CHECK(data.label(0) == 9);
  CHECK(data.sample(0)[0] == 1.0f / 255);
  CHECK(data.sample(2)[1] == 1.0f);
  CHECK(tenon::read_idx(images, labels, {.scale = 0.5, .classes = 12}).sample(2)[0] == 2.5f);

  write(images, idx(0x08, {3, 2}, six));
  CHECK(tenon::read_idx(images, labels).sample_shape() == std::vector<std::size_t>{2});
  write(images, idx(0x08, {3, 2, 1, 1}, six));
  CHECK(tenon::read_idx(images, labels).sample_shape() == std::vector<std::size_t>{2, 1, 1});
}

TEST_CASE("bytes scale to the floats that division gives") {
  std::vector<std::byte> all(256);
  for (std::size_t i = 0; i < 256; ++i) all[i] = static_cast<std::byte>(i);
  const auto data = tenon::idx_dataset({IdxType::uint8, {256, 1}, all}, {IdxType::uint8, {256}, all}, {.classes = 256});
  for (std::size_t i = 0; i < 256; ++i) CHECK(data.sample(i)[0] == static_cast<float>(i) / 255.0f);
}

TEST_CASE("images and labels that don't fit together are refused") {
  const IdxTensor images{IdxType::uint8, {2, 3}, std::vector<std::byte>(6), "images"};
  const auto labels = [](std::vector<std::byte> values, IdxType type = IdxType::uint8) {
    const std::size_t count = values.size();
    return IdxTensor{type, {count}, std::move(values), "labels"};
  };
  const auto join = [](const IdxTensor& a, const IdxTensor& b) { return tenon::idx_dataset(a, b); };
  CHECK_THROWS_WITH(join(images, labels({std::byte{1}})),
                    "labels: expected 2 labels, as many as there are images in images, got 1");
  CHECK_THROWS_WITH(join(images, labels({std::byte{1}, std::byte{10}})),
                    "labels: label 10 of sample 1 is outside the 10 classes: expected 0 to 9");
  CHECK_THROWS_WITH(join(images, labels({std::byte{0xff}, std::byte{1}}, IdxType::int8)),
                    Contains("label -1 of sample 0"));
  CHECK_THROWS_WITH(join(images, images), "images: expected labels of 1 axis, got 2");
  CHECK_THROWS_WITH(join(labels({std::byte{1}}), labels({std::byte{1}})),
                    "labels: expected images of 2 to 4 axes, got 1");
  const IdxTensor numbers{IdxType::float32, {2}, std::vector<std::byte>(8), "labels"};
  CHECK_THROWS_WITH(join(images, numbers), Contains("expected integer labels"));
  const IdxTensor none{IdxType::uint8, {0, 28, 28}, {}, "images"};
  for (const double scale : {std::nan(""), 1e300})
    CHECK_THROWS_WITH(tenon::idx_dataset(images, images, {.scale = scale}),
                      Contains("scale: expected a finite number"));
  CHECK_THROWS_WITH(tenon::idx_dataset(images, images, {.classes = 0}),
                    "ReadOptions: classes: expected at least 1, got 0");
  CHECK_THROWS_WITH(join(none, labels({})), "images: expected images, got an empty tensor of 0x28x28");
}

TEST_CASE("a written file reads back, and a failed one is not left behind") {
  const Folder folder;
  const IdxTensor tensor{IdxType::int16, {1, 2}, {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}}};
  const std::string path = folder / "out.idx";
  tenon::write_idx_file(path, tensor);
  const IdxTensor back = tenon::read_idx_file(path);
  CHECK(back.type == tensor.type);
  CHECK(back.shape == tensor.shape);
  CHECK(back.bytes == tensor.bytes);
  CHECK(back.name == path);

  CHECK_THROWS_WITH(
      tenon::write_idx_file(folder / "nowhere/out.idx", tensor),
      Contains("nowhere/out.idx: expected to write the file, but no file can be made in its directory: No such file"));
  CHECK_THROWS_WITH(tenon::write_idx_file(path, {IdxType::int16, {2, 2}, tensor.bytes}),
                    path + ": expected 8 bytes for 2x2 elements, got 4");
  CHECK(tenon::read_idx_file(path).bytes == tensor.bytes);
  fs::create_directory(folder.path / "taken");
  CHECK_THROWS_AS(tenon::write_idx_file(folder / "taken", tensor), tenon::Error);
  CHECK(std::distance(fs::directory_iterator{folder.path}, fs::directory_iterator{}) == 2);
}
