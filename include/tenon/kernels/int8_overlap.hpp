#pragma once

#include <algorithm>
#include <cstddef>

#include <tenon/kernels/convolution.hpp>

/// An image of int8 that becomes another one over itself.
///
/// Kernels read and write pixel by pixel, from the first to the last. So a result may begin in front of its input and
/// follow it through memory, over what no window meets any more: the two together take little more than the larger one.
/// (Blacker, Bridges and Hadfield, "Rapid prototyping of DMO", 2020, call this diagonal memory optimisation.)
namespace tenon::kernels {

/// How many bytes in front of its input a result has to begin at least. With F numbers a pixel, and R(p) the first
/// number that the window of pixel p or of a later one reads, that is the largest of (p + 1) F - R(p): pixel p ends
/// before what is still to be read begins. Where all of a window is read before its pixel is written (`gathered`), it
/// is the largest of (p + 1) F - R(p + 1). The result ends where its input does or before, for scratch may lie behind
/// that. A multiple of four, and 0 where one may lie exactly where the other does.
constexpr size_t image_lead(const ConvolutionAxis& y, const ConvolutionAxis& x, size_t channels, size_t features,
                            bool gathered) {
  const auto begin = [](const ConvolutionAxis& a, size_t position) {
    const size_t start = position * a.stride;
    return start < a.before ? 0 : std::min(start - a.before, a.image);
  };
  size_t lead = 0, unread = y.image * x.image * channels, end = y.map * x.map * features;
  for (size_t rows = y.map; rows > 0; --rows)
    for (size_t columns = x.map; columns > 0; --columns, end -= features) {
      const size_t first = (begin(y, rows - 1) * x.image + begin(x, columns - 1)) * channels;
      if (!gathered) unread = std::min(unread, first);
      if (end > unread) lead = std::max(lead, end - unread);
      unread = std::min(unread, first);
    }
  return (lead + 3) / 4 * 4;
}

}  // namespace tenon::kernels
