#include <tenon/data/pictures.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(pictures) {
  const PictureOptions options{.most_pixels = 1 << 16};
  const Pixels p = parse_picture(input.bytes, "fuzz", options);
  demand(p.shape.size() == 3 && p.shape[0] == 3 && p.values.size() == 3 * p.shape[1] * p.shape[2], "as its shape says");
  demand(!p.values.empty() && p.shape[1] * p.shape[2] <= options.most_pixels, "pixels, and not too many");
  for (const float v : p.values) demand(v >= 0 && v <= 1, "numbers from 0 to 1");
}
