#include <tenon/text/windows.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

Dataset<float> next_token_windows(std::span<const std::int32_t> tokens, std::size_t vocab_size, std::size_t length,
                                  std::size_t stride) {
  if (length == 0 || stride == 0)
    throw Error(
        fmt::format("next_token_windows: expected a length and a stride of at least 1, got {} and {}", length, stride));
  constexpr std::size_t most = std::size_t{1} << 24;  // beyond it a float holds every other number only
  if (vocab_size == 0 || vocab_size > most)
    throw Error(fmt::format("next_token_windows: expected a vocab_size from 1 to {}, got {}", most, vocab_size));
  if (tokens.size() <= length)
    throw Error(
        fmt::format("next_token_windows: expected more than {} tokens, for a window and the one behind it, got {}",
                    length, tokens.size()));
  const std::size_t count = (tokens.size() - length - 1) / stride + 1;
  std::vector<float> inputs;
  Labels labels{{}, vocab_size, length};
  inputs.reserve(count * length);
  labels.values.reserve(count * length);
  for (std::size_t i = 0; i < count; ++i) {
    const auto window = tokens.subspan(i * stride, length + 1);
    for (const std::int32_t token : window)
      if (token < 0 || std::cmp_greater_equal(token, vocab_size))
        throw Error(fmt::format("next_token_windows: expected tokens from 0 to {}, got {}", vocab_size - 1, token));
    std::transform(window.begin(), window.end() - 1, std::back_inserter(inputs),
                   [](std::int32_t token) { return static_cast<float>(token); });
    labels.values.insert(labels.values.end(), window.begin() + 1, window.end());
  }
  return Dataset<float>({length}, std::move(inputs), std::move(labels));
}

TokenSplit split_tokens(std::span<const std::int32_t> tokens, double fraction) {
  if (!(fraction > 0 && fraction < 1))
    throw Error(fmt::format("split_tokens: expected a fraction between 0 and 1, got {}", fraction));
  const auto part = static_cast<std::size_t>(std::llround(fraction * static_cast<double>(tokens.size())));
  if (part == 0 || part == tokens.size())
    throw Error(fmt::format("split_tokens: {} of {} tokens leaves one part empty", fraction, tokens.size()));
  return {tokens.first(part), tokens.subspan(part)};
}

}  // namespace tenon
