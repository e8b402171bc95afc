#pragma once

#include <cstddef>
#include <vector>

#include "tenon/data/pictures.hpp"

namespace tenon::detail {

/// Of which numbers of a row those of a new one are made, and with which weights.
struct PictureTaps {
  struct Window {
    std::size_t first = 0, count = 0, offset = 0;  // the weights begin at `offset`
  };
  std::vector<Window> windows{};
  std::vector<float> weights{};
};

/// `to` numbers of the part [begin, begin + length) of a row of `from`.
PictureTaps picture_taps(std::size_t from, double begin, double length, std::size_t to, Resampling how);

}  // namespace tenon::detail
