#include <tenon/io/dtype.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace tenon;

static_assert(half_to_float(0x3c00) == 1.0f);
static_assert(half_to_float(0xc000) == -2.0f);
static_assert(half_to_float(0x7bff) == 65504.0f);  // the largest
static_assert(half_to_float(0x0400) == 0x1p-14f);  // the smallest normal
static_assert(half_to_float(0x0001) == 0x1p-24f);  // the smallest subnormal
static_assert(bfloat16_to_float(0x3f80) == 1.0f);
static_assert(bfloat16_to_float(0xc2f7) == -123.5f);

TEST_CASE("every half is widened exactly") {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const int exponent = (bits >> 10) & 0x1f;
    const int mantissa = bits & 0x3ff;
    const double sign = bits & 0x8000 ? -1.0 : 1.0;
    const float value = half_to_float(static_cast<std::uint16_t>(bits));
    CAPTURE(bits);
    if (exponent == 31 && mantissa != 0) {
      REQUIRE(std::isnan(value));
      REQUIRE(std::signbit(value) == (sign < 0));
      continue;
    }
    const double expected = exponent == 31  ? std::numeric_limits<double>::infinity()
                            : exponent == 0 ? std::ldexp(mantissa, -24)
                                            : std::ldexp(1024 + mantissa, exponent - 25);
    if (value != sign * expected || std::signbit(value) != (sign < 0)) FAIL(value << " is not " << sign * expected);
  }
}

TEST_CASE("bfloat16 keeps infinities, NaN and the sign of zero") {
  CHECK(bfloat16_to_float(0x7f80) == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(bfloat16_to_float(0x7fc0)));
  CHECK(std::signbit(bfloat16_to_float(0x8000)));
}

TEST_CASE("type names are the format's and lead back to the type") {
  CHECK(dtype_name(DType::bf16) == "BF16");
  CHECK(dtype_name(DType::boolean) == "BOOL");
  for (int i = 0; i <= static_cast<int>(DType::c64); ++i) {
    const auto type = static_cast<DType>(i);
    CHECK(dtype_from_name(dtype_name(type)) == type);
  }
  CHECK_FALSE(dtype_from_name("f32"));
  CHECK_FALSE(dtype_from_name(""));
  CHECK(dtype_bits(DType::f4) == 4);
  CHECK(dtype_bits(DType::f6_e3m2) == 6);
  CHECK(dtype_bits(DType::f8_e5m2) == 8);
  CHECK(dtype_bits(DType::f16) == 16);
  CHECK(dtype_bits(DType::i32) == 32);
  CHECK(dtype_bits(DType::u64) == 64);
  CHECK(dtype_bits(DType::c64) == 64);
}
