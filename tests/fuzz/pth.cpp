#include <tenon/io/pth.hpp>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

TENON_FUZZ(pth) {
  const SafeTensors file = parse_pth(input.bytes, "fuzz");
  std::size_t end = 0;
  for (const TensorInfo& t : file.tensors()) {
    demand(t.offset == end, "tensors lie one behind the other");
    std::size_t size = 1;
    for (const std::size_t axis : t.shape) size *= axis;
    demand(size == t.size(), "a tensor has as many numbers as its shape says");
    demand(file.bytes(t).size() == t.bytes, "a tensor has its bytes");
    demand(file.find(t.name) == &t, "a tensor is found by its name");
    end += t.bytes;
  }
  demand(end <= std::max<std::size_t>(std::size_t{1} << 20, 4 * input.bytes.size()), "the tensors are bounded");
  const SafeTensors again = read_pth(input.path());
  demand(again.tensors().size() == file.tensors().size(), "a file and its bytes are the same");
}
