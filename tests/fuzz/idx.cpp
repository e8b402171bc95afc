// Plain and packed, recognised by the content.
#include <tenon/data/idx.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(idx) {
  const IdxTensor tensor = parse_idx(input.bytes, "fuzz");
  std::size_t count = 1;
  for (const std::size_t extent : tensor.shape) count *= extent;
  demand(tensor.values<double>().size() == count, "as many elements as the axes say");
  demand(read_idx_file(input.path()).bytes == tensor.bytes, "a file and its bytes are the same");
  if (count < tensor.shape[0]) return;  // an axis of no elements, beside which another may be of any size
  const IdxTensor labels{IdxType::uint8, {tensor.shape[0]}, std::vector<std::byte>(tensor.shape[0]), "labels"};
  demand(idx_dataset(tensor, labels).size() == tensor.shape[0], "an image for each label");
}
