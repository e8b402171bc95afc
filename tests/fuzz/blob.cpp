#include <tenon/edge/blob.hpp>
#include <tenon/edge/frozen.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/networks.hpp>

#include <array>
#include <cstring>

#include "harness.hpp"

using namespace tenon;
using fuzz::demand;

using Net = Sequential<Dense<2, 3>, ReLU, Dense<1>>;

TENON_FUZZ(blob) {
  std::vector<std::max_align_t> place(input.bytes.size() / sizeof(std::max_align_t) + 8);
  std::byte* begin = reinterpret_cast<std::byte*>(place.data());
  begin += (64 - std::bit_cast<std::uintptr_t>(begin) % 64) % 64;
  if (!input.bytes.empty()) std::memcpy(begin, input.bytes.data(), input.bytes.size());
  const std::span<const std::byte> bytes(begin, input.bytes.size());
  for (const std::size_t off : {0U, 1U}) {
    const auto blob = open_weights<Net>(bytes.subspan(std::min<std::size_t>(off, bytes.size())));
    demand(!describe(blob.status).empty(), "a status has words");
    demand(static_cast<bool>(blob) == (blob.weights != nullptr), "weights where it is good");
    if (!blob) continue;
    const Frozen<Net> net{*blob.weights};
    static_cast<void>(net);
  }
}
