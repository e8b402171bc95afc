#include <tenon/text/sampling.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

template <class T>
std::size_t greedy(std::span<const T> scores) {
  if (scores.empty()) throw Error("greedy: expected at least one score, got none");
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

template <class T>
std::size_t Sampler::operator()(std::span<const T> scores, Stream& stream) {
  if (!(temperature >= 0) || std::isinf(temperature)) throw Error(fmt::format("Sampler: expected a temperature of at least 0, got {}", temperature));
  if (!(top_p > 0 && top_p <= 1)) throw Error(fmt::format("Sampler: expected a top_p above 0 and up to 1, got {}", top_p));
  if (temperature == 0) return greedy(scores);

  space.clear();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto score = static_cast<double>(scores[i]);
    if (std::isnan(score)) throw Error(fmt::format("Sampler: expected scores, got NaN for token {}", i));
    if (score > -std::numeric_limits<double>::infinity()) space.emplace_back(score / temperature, i);
  }
  if (space.empty()) throw Error(fmt::format("Sampler: expected a token that is not ruled out, got {} scores of minus infinity", scores.size()));
  const auto better = [](const auto& a, const auto& b) { return a.first > b.first || (a.first == b.first && a.second < b.second); };
  if (top_k > 0 && top_k < space.size()) {
    std::nth_element(space.begin(), space.begin() + static_cast<std::ptrdiff_t>(top_k - 1), space.end(), better);
    space.resize(top_k);
  }
  const double best = std::min_element(space.begin(), space.end(), better)->first;
  double total = 0;
  for (auto& [weight, token] : space) total += weight = std::exp(weight - best);
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
  for (const auto& [weight, token] : space)
    if ((left -= weight) < 0) return token;
  return space.back().second;
}

template std::size_t greedy(std::span<const float>);
template std::size_t greedy(std::span<const double>);
template std::size_t Sampler::operator()(std::span<const float>, Stream&);
template std::size_t Sampler::operator()(std::span<const double>, Stream&);

}  // namespace tenon
