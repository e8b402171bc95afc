#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tenon {

/// CRC-32 as in zip and PNG (polynomial 0xedb88320, reflected), four bits at a time: 64 bytes of
/// table. A second piece of the same message continues from the first one's result.
constexpr std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t so_far = 0) {
  constexpr std::uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  std::uint32_t rest = ~so_far;
  for (const std::byte byte : bytes) {
    rest ^= static_cast<std::uint32_t>(byte);
    rest = rest >> 4 ^ table[rest & 15];
    rest = rest >> 4 ^ table[rest & 15];
  }
  return ~rest;
}

}  // namespace tenon
