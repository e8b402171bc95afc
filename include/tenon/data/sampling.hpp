#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/data/dataset.hpp>

/// Data sets made of data sets, and what is in them.
namespace tenon {

/// The samples of one behind those of the other. Their columns must be alike, names and classes too; else an Error with
/// both. Augmentations are left out.
template <class T>
Dataset<T> concat_data(const Dataset<T>& first, const Dataset<T>& second);

/// How many samples each class has; of several labels per sample each counts, and `ignore_index` does not.
template <class T>
std::vector<size_t> class_counts(const Dataset<T>& data, std::string_view column = {});

/// A weight for each class with which all classes count alike: n / (k n_c) for n labels of k classes, n_c of them of
/// class c, and 0 for a class without any. scikit-learn: class_weight="balanced".
template <class T>
std::vector<double> balanced_class_weights(const Dataset<T>& data, std::string_view column = {});

/// `count` indices drawn with replacement, index i with a probability in proportion to weights[i]: for
/// `data.subset(...)`. The same seed gives the same everywhere. PyTorch: WeightedRandomSampler. Error: a weight is
/// negative or not finite, or all are 0.
std::vector<size_t> weighted_indices(std::span<const double> weights, size_t count, std::uint64_t seed);

/// As many samples as there are, drawn so that each class comes as often as every other that there is.
template <class T>
Dataset<T> balanced(const Dataset<T>& data, std::uint64_t seed, std::string_view column = {});

/// A table of what a data set holds: for each column its shape, range, mean and deviation, or its classes and how many
/// samples the rarest and the most frequent have.
///
///     std::cout << describe(train);
template <class T>
std::string describe(const Dataset<T>& data);

/// Windows of a time series for a network that predicts what comes next: `length` steps of `features` numbers each,
/// shape {length, features}, with the numbers at `targets` of each of the `horizon` steps behind them, shape {horizon,
/// targets}, one window every `stride` steps.
///
///     const auto data = series_windows<float>(temperatures, 1, {.length = 48, .horizon = 12});
struct SeriesWindows {
  size_t length = 0;
  size_t horizon = 1;
  size_t stride = 1;
  std::vector<size_t> targets{};  // which of the features; none stands for all
};
template <class T>
Dataset<T> series_windows(std::span<const T> series, size_t features, const SeriesWindows& options);

#define TENON_DATA_SAMPLING(T)                                                                                         \
  extern template Dataset<T> concat_data(const Dataset<T>&, const Dataset<T>&);                                        \
  extern template std::vector<size_t> class_counts(const Dataset<T>&, std::string_view);                               \
  extern template std::vector<double> balanced_class_weights(const Dataset<T>&, std::string_view);                     \
  extern template Dataset<T> balanced(const Dataset<T>&, std::uint64_t, std::string_view);                             \
  extern template std::string describe(const Dataset<T>&);                                                             \
  extern template Dataset<T> series_windows(std::span<const T>, size_t, const SeriesWindows&);
TENON_DATA_SAMPLING(float)
TENON_DATA_SAMPLING(double)
#undef TENON_DATA_SAMPLING

}  // namespace tenon
