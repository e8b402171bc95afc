#include "tenon/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "tenon/error.hpp"
#include "tenon/random.hpp"
#include "text.hpp"

namespace tenon {
namespace {

std::size_t product(const std::vector<std::size_t>& shape) {
  std::size_t size = 1;
  for (const std::size_t extent : shape) {
    if (extent == 0 || size > std::numeric_limits<std::size_t>::max() / extent)
      throw Error(fmt::format("Dataset: no sample has the shape {}", detail::shape_text(shape)));
    size *= extent;
  }
  if (shape.empty()) throw Error("Dataset: expected samples of at least one axis, got none");
  return size;
}

/// How many of `size` samples train.
std::size_t training_part(double fraction, std::size_t size, const char* function) {
  if (!(fraction > 0 && fraction < 1))
    throw Error(fmt::format("{}: expected a fraction between 0 and 1, got {}", function, fraction));
  const auto part = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(size)));
  if (part == 0 || part == size)
    throw Error(
        fmt::format("{}: {} of {} samples leaves one part empty", function, fraction, size));
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
std::map<std::int32_t, std::size_t> quotas(std::span<const std::int32_t> labels, double fraction,
                                           std::size_t total) {
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
  for (std::size_t i = 0; i < remainders.size() && assigned < total; ++i, ++assigned)
    ++quota[remainders[i].second];
  return quota;
}

}  // namespace

template <std::floating_point T>
Dataset<T>::Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features)
    : sample_size_{product(sample_shape)},
      sample_shape_{std::move(sample_shape)},
      features_{std::move(features)} {
  size_ = features_.size() / sample_size_;
  if (size_ * sample_size_ != features_.size())
    throw Error(fmt::format("Dataset: expected a multiple of {} numbers (samples of {}), got {}",
                            sample_size_, detail::shape_text(sample_shape_), features_.size()));
}

template <std::floating_point T>
Dataset<T>::Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features, Labels labels)
    : Dataset{std::move(sample_shape), std::move(features)} {
  if (labels.classes == 0) throw Error("Dataset: expected at least one class, got 0");
  if (labels.per_sample == 0) throw Error("Dataset: expected at least one label per sample, got 0");
  if (labels.values.size() != size_ * labels.per_sample)
    throw Error(labels.per_sample == 1 ? fmt::format("Dataset: expected {} labels, one per sample, got {}", size_, labels.values.size())
                                       : fmt::format("Dataset: expected {} labels, {} per sample, got {}", size_ * labels.per_sample,
                                                     labels.per_sample, labels.values.size()));
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    const std::int32_t value = labels.values[i];
    if (value != ignored_label && (value < 0 || std::cmp_greater_equal(value, labels.classes)))
      throw Error(fmt::format("Dataset: label {} of sample {} is outside the {} classes: expected "
                              "0 to {}",
                              value, i / labels.per_sample, labels.classes, labels.classes - 1));
  }
  labels_ = std::move(labels);
}

template <std::floating_point T>
Dataset<T>::Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features,
                    Targets<T> targets)
    : Dataset{std::move(sample_shape), std::move(features)} {
  if (targets.size == 0) throw Error("Dataset: expected targets of at least one number, got 0");
  if (targets.values.size() / targets.size != size_ || targets.values.size() % targets.size != 0)
    throw Error(fmt::format("Dataset: expected {} targets of {} numbers, got {} numbers", size_,
                            targets.size, targets.values.size()));
  targets_ = std::move(targets);
}

template <std::floating_point T>
void Dataset<T>::augment(const Augmentation* augmentation, std::size_t workers) {
  if (augmentation && !std::ranges::equal(augmentation->input, sample_shape_))
    throw Error(fmt::format("Dataset: expected samples of {} for the augmentation, got {}",
                            detail::shape_text({augmentation->input.begin(), augmentation->input.end()}),
                            detail::shape_text(sample_shape_)));
  augmentation_ = augmentation;
  augmentation_workers_ = workers;
}

template <std::floating_point T>
Dataset<T> Dataset<T>::prepared() const {
  Dataset result = *this;
  if (!augmentation_) return result;
  result.augmentation_ = nullptr;
  result.sample_shape_.assign(augmentation_->output.begin(), augmentation_->output.end());
  result.sample_size_ = given_size();
  result.features_.assign(size_ * result.sample_size_, T(0));
  std::vector<T> scratch(augmentation_->scratch);
  for (std::size_t i = 0; i < size_; ++i)
    augmentation_->apply(sample(i).data(), result.features_.data() + i * result.sample_size_, scratch.data(), nullptr);
  return result;
}

template <std::floating_point T>
void Dataset<T>::reshape(std::vector<std::size_t> sample_shape) {
  if (augmentation_)
    throw Error(fmt::format("Dataset: the augmentation takes samples of {}, which cannot be reshaped",
                            detail::shape_text(sample_shape_)));
  const std::size_t size = product(sample_shape);
  if (size != sample_size_)
    throw Error(fmt::format("Dataset: samples of {} are {} numbers, expected {} for {}",
                            detail::shape_text(sample_shape_), sample_size_, size,
                            detail::shape_text(sample_shape)));
  sample_shape_ = std::move(sample_shape);
}

template <std::floating_point T>
Dataset<T> Dataset<T>::subset(std::span<const std::size_t> indices) const {
  for (const std::size_t index : indices)
    if (index >= size_)
      throw Error(fmt::format("Dataset: no sample {}: there are {}", index, size_));

  Dataset part;
  part.augmentation_ = augmentation_;
  part.augmentation_workers_ = augmentation_workers_;
  part.size_ = indices.size();
  part.sample_size_ = sample_size_;
  part.sample_shape_ = sample_shape_;
  part.features_.reserve(indices.size() * sample_size_);
  part.labels_.classes = labels_.classes;
  part.labels_.per_sample = labels_.per_sample;
  part.labels_.values.reserve(indices.size() * label_size());
  part.targets_.size = targets_.size;
  part.targets_.values.reserve(indices.size() * targets_.size);
  for (const std::size_t index : indices) {
    const auto row = sample(index);
    part.features_.insert(part.features_.end(), row.begin(), row.end());
    const auto classes = labels(index);
    part.labels_.values.insert(part.labels_.values.end(), classes.begin(), classes.end());
    const auto numbers = target(index);
    part.targets_.values.insert(part.targets_.values.end(), numbers.begin(), numbers.end());
  }
  return part;
}

template <std::floating_point T>
Dataset<T> Dataset<T>::take(std::size_t count) const {
  std::vector<std::size_t> indices(std::min(count, size_));
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return subset(indices);
}

template <std::floating_point T>
Split<T> Dataset<T>::split(double fraction, std::uint64_t seed) const {
  const std::size_t part = training_part(fraction, size_, "split");
  const auto indices = shuffled_indices(size_, seed);
  const auto all = std::span{indices};
  return {subset(all.first(part)), subset(all.subspan(part))};
}

template <std::floating_point T>
Split<T> Dataset<T>::stratified_split(double fraction, std::uint64_t seed) const {
  if (!has_labels())
    throw Error("stratified_split: expected a data set with class labels, got none");
  if (label_size() != 1)
    throw Error(fmt::format("stratified_split: expected one label per sample, got {}", label_size()));
  const std::size_t part = training_part(fraction, size_, "stratified_split");
  auto quota = quotas(labels(), fraction, part);

  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
  for (const std::size_t index : shuffled_indices(size_, seed)) {
    std::size_t& left = quota[label(index)];
    (left > 0 ? train : test).push_back(index);
    if (left > 0) --left;
  }
  return {subset(train), subset(test)};
}

template <std::floating_point T>
template <std::floating_point U>
Dataset<U> Dataset<T>::as() const {
  const auto convert = [](std::span<const T> numbers) {
    std::vector<U> converted(numbers.size());
    std::ranges::transform(numbers, converted.begin(), [](T v) { return static_cast<U>(v); });
    return converted;
  };
  Dataset<U> result;
  result.size_ = size_;
  result.sample_size_ = sample_size_;
  result.sample_shape_ = sample_shape_;
  result.features_ = convert(features_);
  result.labels_ = labels_;
  result.targets_ = {convert(targets_.values), targets_.size};
  result.augmentation_ = augmentation_;
  result.augmentation_workers_ = augmentation_workers_;
  return result;
}

template class Dataset<float>;
template class Dataset<double>;
template Dataset<float> Dataset<float>::as<float>() const;
template Dataset<double> Dataset<float>::as<double>() const;
template Dataset<float> Dataset<double>::as<float>() const;
template Dataset<double> Dataset<double>::as<double>() const;

}  // namespace tenon
