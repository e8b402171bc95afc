#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tenon {

/// A picture of 8 bits for each of red, green and blue, row by row from the top.
struct Picture {
  size_t width = 0, height = 0;
  std::vector<std::uint8_t> rgb{};
};

enum class Palette {
  gray,      // the lowest number black, the highest white
  diverging  // blue below zero, white at zero, red above
};

/// How numbers become tiles: `columns` of them a row (0: as many as make the picture about square), every
/// number `zoom` pixels wide and high, each tile with colours of its own or all with the same.
struct Tiles {
  size_t columns = 0;
  size_t zoom = 4;
  Palette palette = Palette::gray;
  bool together = false;
};

/// Images of one channel, one after the other in `numbers`, side by side: feature maps, filters. Throws
/// Error unless they are whole images. What is not finite is drawn as zero.
Picture picture(std::span<const float> numbers, size_t height, size_t width, const Tiles& tiles = {});

/// The picture as a PNG file; throws Error if its sizes disagree.
std::vector<std::byte> png(const Picture& picture);
/// Writes that file atomically.
void save_png(const std::string& path, const Picture& picture);

}  // namespace tenon
