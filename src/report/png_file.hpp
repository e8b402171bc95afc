#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tenon::detail {

/// A PNG file of 8 bits a sample: `channels` 1 (grey) or 3 (red, green, blue), row by row from the top.
std::vector<std::byte> png_file(std::size_t width, std::size_t height, std::size_t channels,
                                std::span<const std::uint8_t> samples);

}  // namespace tenon::detail
