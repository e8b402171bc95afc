#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tenon/data/dataset.hpp>

namespace tenon {

/// Deals the samples into so many folds, at random, each class evenly: the numbers of its samples in two folds differ
/// by at most one, and so do the sizes of folds. Without labels the samples are dealt as they are. The same seed gives
/// the same folds everywhere. Every sample is in one fold: the test data of one training, and training data of the
/// others. Throws an Error unless there are at least two folds, and as many samples as folds; and where a sample has
/// several labels. scikit-learn: StratifiedKFold(shuffle=True), KFold.
///
///     for (const auto& [train, test] : k_folds(data, 5, seed)) ...    // indices, for data.subset(train)
struct Fold {
  std::vector<size_t> train{}, test{};
};
template <class T>
std::vector<Fold> k_folds(const Dataset<T>& data, size_t folds, std::uint64_t seed);
extern template std::vector<Fold> k_folds(const Dataset<float>&, size_t, std::uint64_t);
extern template std::vector<Fold> k_folds(const Dataset<double>&, size_t, std::uint64_t);

}  // namespace tenon
