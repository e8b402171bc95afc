#pragma once

#include <cstdint>

namespace tenon::kernels {

/// A whole number in three bytes, the lowest first.
struct Int24 {
  std::uint8_t low = 0, middle = 0;
  std::int8_t high = 0;

  constexpr Int24() = default;
  /// What does not fit loses its upper bits.
  constexpr Int24(std::int32_t value)
      : low{static_cast<std::uint8_t>(value & 255)},
        middle{static_cast<std::uint8_t>(value >> 8 & 255)},
        high{static_cast<std::int8_t>(value >> 16)} {}

  constexpr operator std::int32_t() const { return high * 65536 + middle * 256 + low; }
};

}  // namespace tenon::kernels
