#include <tenon/data/npy.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(npz) {
  const std::vector<NpyArray> arrays = parse_npz(input.bytes, "fuzz");
  for (const NpyArray& a : arrays) {
    std::size_t count = 1;
    for (const std::size_t extent : a.shape) count *= extent;
    demand(a.size() == count, "as many numbers as the shape says");
    demand(&find_array(arrays, a.name) == &a, "each name once");
  }
}
