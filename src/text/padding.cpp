#include <tenon/text/padding.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "../row_room.hpp"

namespace tenon {

PaddedTokens pad_tokens(std::span<const std::vector<std::int32_t>> sequences, std::size_t length,
                        std::int32_t padding) {
  PaddedTokens result;
  result.length = length;
  if (length == 0)
    for (const auto& s : sequences) result.length = std::max(result.length, s.size());
  if (result.length == 0) throw Error("pad_tokens: expected a sequence with tokens, got none");
  const std::size_t most = std::numeric_limits<std::ptrdiff_t>::max() / sizeof(float);
  if (!sequences.empty() && result.length > most / sequences.size())
    throw Error(fmt::format("pad_tokens: expected a length that fits in memory {} times, got {}", sequences.size(),
                            result.length));
  detail::make_row_room(result.tokens, "pad_tokens", sequences.size(), result.length);
  detail::make_row_room(result.mask, "pad_tokens", sequences.size(), result.length);
  std::ranges::fill(result.tokens, padding);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const std::size_t count = std::min(sequences[i].size(), result.length);
    const auto first = static_cast<std::ptrdiff_t>(i * result.length);
    std::copy_n(sequences[i].begin(), count, result.tokens.begin() + first);
    std::fill_n(result.mask.begin() + first, count, 1.0F);
  }
  return result;
}

std::vector<std::vector<std::size_t>> bucket_by_length(std::span<const std::vector<std::int32_t>> sequences,
                                                       std::span<const std::size_t> lengths) {
  if (lengths.empty() || std::ranges::adjacent_find(lengths, [](auto a, auto b) { return a >= b; }) != lengths.end())
    throw Error("bucket_by_length: expected lengths that rise, at least one");
  std::vector<std::vector<std::size_t>> buckets(lengths.size());
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const auto fits = std::ranges::lower_bound(lengths, sequences[i].size());
    if (fits == lengths.end())
      throw Error(fmt::format("bucket_by_length: expected sequences of at most {} tokens, got {} in sequence {}",
                              lengths.back(), sequences[i].size(), i));
    buckets[static_cast<std::size_t>(fits - lengths.begin())].push_back(i);
  }
  return buckets;
}

}  // namespace tenon
