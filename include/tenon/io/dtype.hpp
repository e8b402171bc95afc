#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon {

/// Element types a safetensors file may hold. Only f16, bf16, f32 and f64 can be loaded into a network; a file may have
/// tensors of the others beside them.
enum class DType : std::uint8_t {
  f4,
  f6_e2m3,
  f6_e3m2,
  boolean,
  u8,
  i8,
  f8_e4m3,
  f8_e5m2,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  u16,
  i16,
  f16,
  bf16,
  u32,
  i32,
  f32,
  u64,
  i64,
  f64,
  c64
};

std::string_view dtype_name(DType type) noexcept;  ///< as files spell it: "F32"
std::optional<DType> dtype_from_name(std::string_view name) noexcept;
size_t dtype_bits(DType type) noexcept;  ///< of one element

/// IEEE binary16 to binary32. Every half is exactly representable, so nothing rounds.
constexpr float half_to_float(std::uint16_t half) noexcept {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {  // subnormal: mantissa * 2^-24, a normal float, so flush-to-zero modes cannot touch it
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  return std::bit_cast<float>(sign | ((exponent + 127 - 15) << 23) | (mantissa << 13));
}

/// bfloat16 is the upper half of a binary32.
constexpr float bfloat16_to_float(std::uint16_t value) noexcept {
  return std::bit_cast<float>(std::uint32_t{value} << 16);
}

}  // namespace tenon
