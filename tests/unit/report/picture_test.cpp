#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <zlib.h>

#include <tenon/error.hpp>
#include <tenon/report/picture.hpp>

using namespace tenon;

namespace {

std::vector<int> pixel(const Picture& p, std::size_t y, std::size_t x) {
  const std::uint8_t* at = p.rgb.data() + (y * p.width + x) * 3;
  return {at[0], at[1], at[2]};
}

std::size_t number(const std::string& bytes, std::size_t at) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < 4; ++i) n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
  return n;
}

}  // namespace

TEST_CASE("numbers as tiles") {
  const std::vector<float> numbers{0, 1, 2, 4, /**/ -1, 0, 1, 3, /**/ 5, 5, 5, 5};
  const Picture gray = picture(numbers, 2, 2, {.columns = 2, .zoom = 1});
  CHECK(gray.width == 6);  // two tiles and a gap of two
  CHECK(gray.height == 6);
  CHECK(pixel(gray, 0, 0) == std::vector<int>{0, 0, 0});
  CHECK(pixel(gray, 1, 1) == std::vector<int>{255, 255, 255});
  CHECK(pixel(gray, 0, 1) == std::vector<int>{64, 64, 64});
  CHECK(pixel(gray, 0, 4) == std::vector<int>{0, 0, 0});        // a range of its own
  CHECK(pixel(gray, 4, 0) == std::vector<int>{128, 128, 128});  // all alike
  CHECK(pixel(gray, 4, 4) == std::vector<int>{255, 255, 255});  // no fourth tile

  const Picture signs = picture(numbers, 2, 2,
                                {.columns = 3, .zoom = 2, .palette = Palette::diverging, .together = true});
  CHECK(signs.width == 3 * 4 + 2 * 2);
  CHECK(signs.height == 4);
  CHECK(pixel(signs, 0, 1) == std::vector<int>{255, 255, 255});
  CHECK(pixel(signs, 1, 6) == std::vector<int>{204, 204, 255});
  CHECK(pixel(signs, 3, 15) == std::vector<int>{255, 0, 0});

  CHECK(pixel(picture(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}, 1, 2, {.zoom = 1}), 0, 1) ==
        std::vector<int>{0, 0, 0});
  CHECK_THROWS_WITH(picture(numbers, 5, 2), Catch::Contains("whole images of 5 x 2 numbers, got 12"));
  const std::size_t half = ~(~std::size_t{0} >> 1);  // twice that is 0
  CHECK_THROWS_WITH(picture(numbers, half, 2), Catch::Contains("whole images of"));
  CHECK_THROWS_WITH(picture(numbers, half + 6, 2), Catch::Contains("whole images of"));
  CHECK_THROWS_WITH(picture(numbers, 3, 2, {.zoom = half}), Catch::Contains("at most 2^28 pixels"));
}

TEST_CASE("a picture as a PNG file") {
  const Picture p = picture(std::vector<float>{0, 1, 2, 3, 4, 5}, 2, 3, {.zoom = 3});
  const std::string path = "picture_test.png";
  save_png(path, p);
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::remove(path.c_str());

  REQUIRE(bytes.size() > 57);
  CHECK(bytes.substr(1, 3) == "PNG");
  CHECK(bytes.substr(12, 4) == "IHDR");
  CHECK(number(bytes, 16) == 9);
  CHECK(number(bytes, 20) == 6);
  const std::size_t length = number(bytes, 33);
  CHECK(bytes.substr(37, 4) == "IDAT");
  CHECK(number(bytes, 41 + length) ==
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data() + 37), static_cast<uInt>(length + 4)));
  std::vector<Bytef> lines(p.rgb.size() + p.height);
  uLongf size = lines.size();
  REQUIRE(uncompress(lines.data(), &size, reinterpret_cast<const Bytef*>(bytes.data() + 41), length) == Z_OK);
  REQUIRE(size == lines.size());
  std::vector<std::uint8_t> pixels;
  for (std::size_t y = 0; y < p.height; ++y) {
    const auto line = lines.begin() + static_cast<std::ptrdiff_t>(y * (p.width * 3 + 1));
    CHECK(*line == 0);
    pixels.insert(pixels.end(), line + 1, line + 1 + static_cast<std::ptrdiff_t>(p.width * 3));
  }
  CHECK(pixels == p.rgb);
  CHECK(bytes.substr(bytes.size() - 8, 4) == "IEND");

  CHECK_THROWS_WITH(save_png(path, Picture{2, 2, {}}), Catch::Contains("expected 2 x 2 x 3 bytes, got 0"));
}
