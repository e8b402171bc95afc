#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <tenon/options.hpp>
#include <tenon/random.hpp>

/// Choosing a token by the scores of all.
namespace tenon {

/// The token of the largest score, the lower one of two equal ones. Throws an Error where a score is NaN, or all are
/// minus infinity.
template <class T>
size_t greedy(std::span<const T> scores);
extern template size_t greedy(std::span<const float>);
extern template size_t greedy(std::span<const double>);

/// Draws a token with probability softmax(scores / temperature), or from the likeliest of them alone. Scores are logits
/// or log-probabilities; a score of minus infinity rules a token out. `top_k` and `top_p` work together: first the k
/// best, then of these the smallest set that has probability `top_p` (Holtzman et al. 2020), at least one; where scores
/// are equal the lower token goes first. A score of plus infinity leaves only those that have it.
///
///     Sampler sampler{.temperature = 0.8, .top_k = 40};
///     const size_t token = sampler(logits, stream);
///
/// A temperature of 0 is greedy. Throws an Error where a setting is out of range or no token is left. Allocates nothing
/// once it has seen as many scores.
struct Sampler {
  double temperature = 1;
  size_t top_k = 0;  // 0: all
  double top_p = 1;  // 1: all
  std::vector<std::pair<double, size_t>> space{};

  static constexpr void each_option(auto& o, auto visit) {
    visit("temperature", o.temperature, at_least(0));
    visit("top_p", o.top_p, Allowed{0, 1, false, true});
  }
  template <class T>
  size_t operator()(std::span<const T> scores, Stream& stream);
};
extern template size_t Sampler::operator()(std::span<const float>, Stream&);
extern template size_t Sampler::operator()(std::span<const double>, Stream&);

namespace detail {

/// An Error where memory cannot hold so many tokens.
void reserve_tokens(std::vector<std::int32_t>& tokens, size_t count);

}  // namespace detail

}  // namespace tenon
