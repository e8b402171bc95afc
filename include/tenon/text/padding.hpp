#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tenon {

/// Sequences of one length: tokens row by row, and a mask with 1 where a token is and 0 where padding stands.
struct PaddedTokens {
  size_t length = 0;
  std::vector<std::int32_t> tokens;
  std::vector<float> mask;
};

/// Sequences filled up behind with `padding`, and cut off behind `length` tokens; 0 takes the longest one. PyTorch:
/// pad_sequence.
PaddedTokens pad_tokens(std::span<const std::vector<std::int32_t>> sequences, size_t length = 0,
                        std::int32_t padding = 0);

/// Which sequences fit into each of these lengths, and into none shorter: index lists for batches with little padding.
/// Error: the lengths do not rise, or a sequence is longer than the last.
std::vector<std::vector<size_t>> bucket_by_length(std::span<const std::vector<std::int32_t>> sequences,
                                                  std::span<const size_t> lengths);

}  // namespace tenon
