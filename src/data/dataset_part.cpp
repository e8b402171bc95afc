// Some of a data set: columns, samples, those to train with and the rest.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "stream_access.hpp"
#include "tenon/data/dataset.hpp"
#include "tenon/error.hpp"
#include "tenon/random.hpp"

namespace tenon {
namespace {

/// How many of `size` samples train.
std::size_t training_part(double fraction, std::size_t size, const char* function) {
  if (!(fraction > 0 && fraction < 1))
    throw Error(fmt::format("{}: expected a fraction between 0 and 1, got {}", function, fraction));
  const auto part = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(size)));
  if (part == 0 || part == size)
    throw Error(fmt::format("{}: {} of {} samples leaves one part empty", function, fraction, size));
  return part;
}

std::vector<std::size_t> shuffled_indices(std::size_t size, std::uint64_t seed) {
  std::vector<std::size_t> indices(size);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  Stream stream{seed, Purpose::split};
  shuffle(indices, stream);
  return indices;
}

/// How many samples of each class train. The quotas add up to `total`: rounding every class on its
/// own would miss it by up to half the number of classes.
std::map<std::int32_t, std::size_t> quotas(std::span<const std::int32_t> labels, double fraction, std::size_t total) {
  std::map<std::int32_t, std::size_t> counts;
  for (const std::int32_t label : labels) ++counts[label];

  std::map<std::int32_t, std::size_t> quota;
  std::vector<std::pair<double, std::int32_t>> remainders;  // negative: the largest sorts first
  std::size_t assigned = 0;
  for (const auto& [label, count] : counts) {
    const double share = fraction * static_cast<double>(count);
    quota[label] = static_cast<std::size_t>(share);
    assigned += quota[label];
    remainders.emplace_back(std::floor(share) - share, label);
  }
  std::ranges::sort(remainders);
  for (std::size_t i = 0; i < remainders.size() && assigned < total; ++i, ++assigned) ++quota[remainders[i].second];
  return quota;
}

}  // namespace

template <std::floating_point T>
Dataset<T> Dataset<T>::select(std::span<const std::string_view> names) const {
  held("columns to choose from");
  const auto numbers = [](const ColumnView<const T>& column) {
    std::vector<T> values;
    values.reserve(column.count * column.size);
    for (std::size_t i = 0; i < column.count; ++i) values.insert(values.end(), column[i].begin(), column[i].end());
    return values;
  };
  ColumnSet<T> set;
  bool augmented = false;
  for (const std::string_view name : names) {
    const ColumnInfo& c = column(name);
    augmented = augmented || (augmentation_ && &c == &columns_[augmented_column_]);
    if (c.kind == ColumnKind::features) {
      set.add(Features<T>{c.name, c.shape, numbers(feature_view(c))});
    } else if (c.kind == ColumnKind::targets) {
      set.add(Targets<T>{numbers(target_view(c)), c.size, c.name, c.shape});
    } else if (c.kind == ColumnKind::labels) {
      const auto labels = label_column(name);
      set.add(Labels{{labels.begin(), labels.end()}, c.classes, c.size, c.name});
    } else {
      set.add(SampleWeights<T>{weights_, c.name});
    }
  }
  Dataset result(std::move(set));
  if (augmented) result.augment(augmentation_, augmentation_workers_, columns_[augmented_column_].name);
  return result;
}

template <std::floating_point T>
Dataset<T> Dataset<T>::subset(std::span<const std::size_t> indices) const {
  held("samples to choose from");
  for (const std::size_t index : indices)
    if (index >= size_) throw Error(fmt::format("Dataset: no sample {}: there are {}", index, size_));

  Dataset part = described<T>();
  part.size_ = indices.size();
  // the rows with these indices of a block
  const auto pick = [&](const auto& from, std::size_t row_size, auto& to) {
    for (const std::size_t index : indices) {
      const auto row = from.subspan(index * row_size, row_size);
      to.insert(to.end(), row.begin(), row.end());
    }
  };
  part.features_.reserve(indices.size() * sample_size_);
  part.labels_.reserve(indices.size() * label_size_);
  part.targets_.reserve(indices.size() * target_size_);
  part.weights_.reserve(has_weights() ? indices.size() : 0);
  pick(features(), sample_size_, part.features_);
  pick(targets(), target_size_, part.targets_);
  for (const ColumnInfo& c : columns_)
    if (c.kind == ColumnKind::labels) pick(labels().subspan(size_ * c.offset, size_ * c.size), c.size, part.labels_);
  if (has_weights()) pick(weights(), 1, part.weights_);
  return part;
}

template <std::floating_point T>
Dataset<T> Dataset<T>::take(std::size_t count) const {
  if (source_) return detail::Streaming<T>::read(*this, std::min(count, size_));
  std::vector<std::size_t> indices(std::min(count, size_));
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return subset(indices);
}

template <std::floating_point T>
DatasetSplit<T> Dataset<T>::split(double fraction, std::uint64_t seed) const {
  held("samples to be dealt");
  const std::size_t part = training_part(fraction, size_, "split");
  const auto indices = shuffled_indices(size_, seed);
  const auto all = std::span{indices};
  return {subset(all.first(part)), subset(all.subspan(part))};
}

template <std::floating_point T>
DatasetSplit<T> Dataset<T>::stratified_split(double fraction, std::uint64_t seed, std::string_view name) const {
  held("samples to be dealt");
  if (!has_labels()) throw Error("stratified_split: expected a data set with class labels, got none");
  if (name.empty() && count_columns(columns_, ColumnKind::labels) > 1)
    throw Error(fmt::format("stratified_split: expected the name of a labels column, got none; there are: {}",
                            detail::describe_columns(columns_)));
  const ColumnInfo& column = name.empty() ? find_column(columns_, ColumnKind::labels, 0)
                                          : find_column(columns_, ColumnKind::labels, name);
  if (column.size != 1)
    throw Error(fmt::format("stratified_split: expected one label per sample, got {}", column.size));
  const std::size_t part = training_part(fraction, size_, "stratified_split");
  const auto labels = this->labels().subspan(size_ * column.offset, size_);
  auto quota = quotas(labels, fraction, part);

  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
  for (const std::size_t index : shuffled_indices(size_, seed)) {
    std::size_t& left = quota[labels[index]];
    (left > 0 ? train : test).push_back(index);
    if (left > 0) --left;
  }
  return {subset(train), subset(test)};
}

#define TENON_DATASET(T)                                                                                               \
  template Dataset<T> Dataset<T>::select(std::span<const std::string_view>) const;                                     \
  template Dataset<T> Dataset<T>::subset(std::span<const std::size_t>) const;                                          \
  template Dataset<T> Dataset<T>::take(std::size_t) const;                                                             \
  template DatasetSplit<T> Dataset<T>::split(double, std::uint64_t) const;                                             \
  template DatasetSplit<T> Dataset<T>::stratified_split(double, std::uint64_t, std::string_view) const;
TENON_DATASET(float)
TENON_DATASET(double)
#undef TENON_DATASET

}  // namespace tenon
