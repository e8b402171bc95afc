#include <tenon/text/sampling.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

namespace {

/// The first of the largest scores.
template <class T>
std::size_t best_of(std::span<const T> scores, const char* who) {
  if (scores.empty()) throw Error(fmt::format("{}: expected at least one score, got none", who));
  std::size_t best = scores.size();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) throw Error(fmt::format("{}: expected scores, got NaN for token {}", who, i));
    if (scores[i] > (best == scores.size() ? -std::numeric_limits<T>::infinity() : scores[best])) best = i;
  }
  if (best == scores.size())
    throw Error(
        fmt::format("{}: expected a token that is not ruled out, got {} scores of minus infinity", who, scores.size()));
  return best;
}

}  // namespace

template <class T>
std::size_t greedy(std::span<const T> scores) {
  return best_of(scores, "greedy");
}

template <class T>
std::size_t Sampler::operator()(std::span<const T> scores, Stream& stream) {
  check_options(*this);
  const std::size_t most_likely = best_of(scores, "Sampler");
  if (temperature == 0) return most_likely;

  space.clear();
  const auto best = static_cast<double>(scores[most_likely]);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto score = static_cast<double>(scores[i]);
    // how far below the best; the best are never infinity minus infinity, nor 0 / 0
    if (score > -std::numeric_limits<double>::infinity())
      space.emplace_back(score == best ? 0.0 : (score - best) / temperature, i);
  }
  const auto better = [](const auto& a, const auto& b) {
    return a.first > b.first || (a.first == b.first && a.second < b.second);
  };
  if (top_k > 0 && top_k < space.size()) {
    std::nth_element(space.begin(), space.begin() + static_cast<std::ptrdiff_t>(top_k - 1), space.end(), better);
    space.resize(top_k);
  }
  double total = 0;
  for (auto& [weight, token] : space) total += weight = std::exp(weight);
  if (top_p < 1) {
    std::sort(space.begin(), space.end(), better);
    double kept = 0;
    std::size_t count = 0;
    while (count < space.size() && kept < top_p * total) kept += space[count++].first;
    space.resize(std::max<std::size_t>(count, 1));
    total = kept;
  } else {
    // an order of their own, whatever nth_element has left
    std::sort(space.begin(), space.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  }
  double left = stream.uniform<double>() * total;
  for (const auto& [weight, token] : space) {
    left -= weight;
    if (left < 0) return token;
  }
  return space.back().second;
}

void detail::reserve_tokens(std::vector<std::int32_t>& tokens, std::size_t count) {
  try {
    tokens.reserve(count);
  } catch (const std::exception&) {  // bad_alloc, and length_error
    throw Error(fmt::format("generating session: expected a count of tokens that fits in memory, got {}", count));
  }
}

template std::size_t greedy(std::span<const float>);
template std::size_t greedy(std::span<const double>);
template std::size_t Sampler::operator()(std::span<const float>, Stream&);
template std::size_t Sampler::operator()(std::span<const double>, Stream&);

}  // namespace tenon
