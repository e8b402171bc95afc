#pragma once

#include <vector>

#include "call.hpp"

namespace tenon::importing {

/// One axis of Resize or Upsample. Places of the result are weighted sums of places of the input, along each axis by
/// itself: y = M x.
struct ResizedAxis {
  std::size_t axis = 0;
  double scale = 1;
  Array matrix;                 // (places of the result, places of the input)
  std::vector<bool> outside{};  // places that are the extrapolation value instead
};

/// Those that are touched, by the same numbers as the operator is computed with. Numbers of the first input are not
/// needed.
std::vector<ResizedAxis> resized_axes(const Call& call);

}  // namespace tenon::importing
