#include <tenon/data/npy.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(npy) {
  const NpyArray array = parse_npy(input.bytes, "fuzz");
  std::size_t count = 1;
  for (const std::size_t extent : array.shape) count *= extent;
  demand(array.size() == count && array.values<double>().size() == count, "as many numbers as the shape says");
  const MappedNpy mapped(input.path());
  demand(mapped.shape() == array.shape && mapped.bytes().size() == array.bytes.size(), "a mapping is the same file");
}
