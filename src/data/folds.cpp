#include <tenon/data/folds.hpp>

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/ignore_index.hpp>
#include <tenon/random.hpp>

namespace tenon {

template <class T>
std::vector<Fold> k_folds(const Dataset<T>& data, std::size_t folds, std::uint64_t seed) {
  const std::size_t n = data.size();
  if (folds < 2 || folds > n)
    throw Error(n < 2 ? fmt::format("k_folds: expected at least 2 samples, got {}", n)
                      : fmt::format("k_folds: expected 2 to {} folds of {} samples, got {}", n, n, folds));
  if (data.label_size() > 1)
    throw Error(fmt::format("k_folds: expected one label per sample, got {}", data.label_size()));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Stream random(seed, Purpose::split);
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  // class after class they are dealt round, going on where the class before ended
  std::vector<std::size_t> first(data.classes() + 2);
  const auto group = [&](std::size_t sample) {
    return data.has_labels() && data.label(sample) >= 0 ? static_cast<std::size_t>(data.label(sample)) : data.classes();
  };
  for (const std::size_t sample : order) ++first[group(sample) + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<std::size_t> fold_of(n);
  for (const std::size_t sample : order) fold_of[sample] = first[group(sample)]++ % folds;
  std::vector<Fold> result(folds);
  for (const std::size_t sample : order)
    for (std::size_t k = 0; k < folds; ++k) (k == fold_of[sample] ? result[k].test : result[k].train).push_back(sample);
  return result;
}
template std::vector<Fold> k_folds(const Dataset<float>&, std::size_t, std::uint64_t);
template std::vector<Fold> k_folds(const Dataset<double>&, std::size_t, std::uint64_t);

}  // namespace tenon
