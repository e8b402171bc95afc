#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tenon/data/dataset.hpp>

namespace tenon {

/// A text as samples for a model that predicts the next token: `length` tokens, labelled with those that follow each of
/// them. A window begins every `stride` tokens; what is left behind the last whole one is not used.
///
///     auto [train, test] = split_tokens(tokens, 0.9);
///     const Dataset<float> data = next_token_windows(train, tokenizer.vocab_size(), 64, 64);
///     fit(model, data, Fit{.loss = CrossEntropy{}, .validation = ...});
///
/// Throws an Error where there are not length + 1 tokens, or one is not below `vocab_size`.
Dataset<float> next_token_windows(std::span<const std::int32_t> tokens, size_t vocab_size, size_t length,
                                  size_t stride);

/// A text's first part and the rest. Not dealt at random: windows that overlap would be in both.
struct TokenSplit {
  std::span<const std::int32_t> train, test;
};
/// The first round(fraction * size) tokens to train with; an Error where one part would be empty.
TokenSplit split_tokens(std::span<const std::int32_t> tokens, double fraction);

}  // namespace tenon
