#pragma once

#include <tenon/net/refuse.hpp>  // first: compilers print the path of includes that leads to an error

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tenon/model/arguments.hpp>
#include <tenon/model/generate.hpp>
#include <tenon/model/model.hpp>
#include <tenon/text/sampling.hpp>

namespace tenon {

/// What an encoder-decoder makes of a sequence: the tokens that it says one after the other, each from the ones before,
/// until it says `end` (which is not among them) or has no more steps. The network takes the source's tokens and those
/// of the decoder behind them, of which the first is `start`.
///
///     const auto answer = decode(model, question, start, end);                                     // greedy
///     const auto other = decode(model, question, start, end, Sampler{.temperature = 0.7}, seed);
///
/// A source shorter than the network's is filled up with token 0. Throws an Error where it is longer.
template <detail::IsModel M>
std::vector<std::int32_t> decode(const M& model, std::span<const std::int32_t> source, std::int32_t start,
                                 std::int32_t end,
                                 Sampler sampler = {.temperature = 0},  // NOLINT(performance-unnecessary-value-param)
                                 std::uint64_t seed = 0) {
  using T = typename M::scalar;
  constexpr size_t steps = M::output::front, tokens = M::output::inner, length = M::input::size;
  static_assert(M::output::rank == 2 && length > steps,
                "decode takes a network from a source and a decoder's tokens to scores at each of these");
  constexpr size_t capacity = length - steps;
  if (source.size() > capacity)
    throw Error("decode: expected a source of at most " + std::to_string(capacity) + " tokens, got " +
                std::to_string(source.size()));
  std::vector<T> sequence(length), y(M::output::size);
  std::copy(source.begin(), source.end(), sequence.begin());
  sequence[capacity] = static_cast<T>(start);
  std::vector<std::int32_t> written;
  Stream stream(seed, Purpose::sampling);
  for (size_t t = 0; t < steps; ++t) {
    model.predict(sequence, y);
    const std::span<T> scores = std::span<T>(y).subspan(t * tokens, tokens);
    detail::take_scores<typename M::network>(scores);
    const auto token = static_cast<std::int32_t>(sampler(std::span<const T>(scores), stream));
    if (token == end) break;
    written.push_back(token);
    if (t + 1 < steps) sequence[capacity + t + 1] = static_cast<T>(token);
  }
  return written;
}
template <detail::IsModel M, class Source, class... A>
  requires(!detail::Tokens<Source>)
std::vector<std::int32_t> decode(const M&, const Source&, const A&...) {
  detail::refuse_tokens<"decode", "source", Source>();
  return {};
}
template <detail::NoModel M, class... A>
std::vector<std::int32_t> decode(const M&, const A&...) {
  detail::refuse_no_model<"decode", M>();
  return {};
}

}  // namespace tenon
