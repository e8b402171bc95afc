#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tenon/data/augmentation.hpp"
#include "tenon/ignored_label.hpp"

namespace tenon {

/// Class indices in [0, classes), or `ignored_label`: one per sample, or `per_sample`, say one for every step
/// of a sequence.
struct Labels {
  std::vector<std::int32_t> values;
  std::size_t classes = 0;
  std::size_t per_sample = 1;
};

/// `size` numbers per sample, one sample after the other.
template <std::floating_point T = float>
struct Targets {
  std::vector<T> values;
  std::size_t size = 0;
};

template <std::floating_point T>
struct Split;

/// Samples in memory, each with a class index, with target numbers, or with neither.
///
///     Dataset<float> points{{2}, {0, 0,  0, 1,  1, 0,  1, 1}, Labels{{0, 1, 1, 0}, 2}};
///     points.size();     // 4
///     points.sample(2);  // the span {1, 0}
///     points.label(2);   // 1
///     auto [train, test] = digits().stratified_split(0.8, seed);
///
/// The features of all samples are one contiguous block, sample by sample, row-major within a
/// sample, whose shape is known at run time: {64} or {1, 28, 28}. A constructor that meets sizes
/// that don't agree, or a label outside its classes, throws an Error.
/// T is float or double.
template <std::floating_point T = float>
class Dataset {
public:
  using value_type = T;

  /// No samples at all.
  Dataset() = default;
  /// Samples alone: for prediction, or a network that reproduces its input.
  Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features);
  Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features, Labels labels);
  Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features, Targets<T> targets);

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  const std::vector<std::size_t>& sample_shape() const noexcept { return sample_shape_; }
  /// Numbers per sample: the product of sample_shape().
  std::size_t sample_size() const noexcept { return sample_size_; }
  std::span<const T> features() const noexcept { return features_; }
  /// Writable, say to standardise the features.
  std::span<T> features() noexcept { return features_; }
  std::span<const T> sample(std::size_t index) const noexcept {
    return features().subspan(index * sample_size_, sample_size_);
  }

  bool has_labels() const noexcept { return labels_.classes > 0; }
  /// The number of classes; 0 without labels.
  std::size_t classes() const noexcept { return labels_.classes; }
  /// Class indices per sample; 0 without labels.
  std::size_t label_size() const noexcept { return has_labels() ? labels_.per_sample : 0; }
  std::span<const std::int32_t> labels() const noexcept { return labels_.values; }
  std::span<const std::int32_t> labels(std::size_t index) const noexcept {
    return labels().subspan(index * label_size(), label_size());
  }
  /// The only label of a sample, or the first.
  std::int32_t label(std::size_t index) const noexcept { return labels_.values[index * labels_.per_sample]; }

  bool has_targets() const noexcept { return targets_.size > 0; }
  /// Target numbers per sample; 0 without targets.
  std::size_t target_size() const noexcept { return targets_.size; }
  std::span<const T> targets() const noexcept { return targets_.values; }
  std::span<const T> target(std::size_t index) const noexcept {
    return targets().subspan(index * targets_.size, targets_.size);
  }

  /// From now on a loader gives every sample through this augmentation, on so many threads of its own.
  /// Throws an Error where the samples have another shape. See `augmented` in data/augment.hpp.
  void augment(const Augmentation* augmentation, std::size_t workers);
  /// Null where there is none.
  const Augmentation* augmentation() const noexcept { return augmentation_; }
  std::size_t augmentation_workers() const noexcept { return augmentation_workers_; }
  /// Numbers per sample as a network is given it: sample_size() unless an augmentation changes that.
  std::size_t given_size() const noexcept { return augmentation_ ? augmentation_->output_size() : sample_size_; }
  /// The samples as evaluation takes them (normalised, the middle cut out), without an augmentation.
  Dataset prepared() const;

  /// The same numbers with samples of another shape: {1, 8, 8} flattens to {64}.
  void reshape(std::vector<std::size_t> sample_shape);

  /// The samples with these indices, in this order; an index may repeat.
  Dataset subset(std::span<const std::size_t> indices) const;
  /// The first `count` samples, or all where there are fewer.
  Dataset take(std::size_t count) const;

  /// Deals the samples at random into round(fraction * size()) for training and the rest for
  /// testing, at least one each. The same seed gives the same split everywhere.
  Split<T> split(double fraction, std::uint64_t seed) const;
  /// The same, every class being dealt by this fraction too. Of the n samples of a class
  /// floor(fraction * n) train, and one more in the classes with the largest remainders
  /// (the lower class where these are equal), until round(fraction * size()) is reached.
  Split<T> stratified_split(double fraction, std::uint64_t seed) const;

  /// The same samples in another precision.
  template <std::floating_point U>
  Dataset<U> as() const;

private:
  template <std::floating_point U>
  friend class Dataset;

  std::size_t size_ = 0;
  std::size_t sample_size_ = 0;
  std::vector<std::size_t> sample_shape_;
  std::vector<T> features_;
  Labels labels_;
  Targets<T> targets_;
  const Augmentation* augmentation_ = nullptr;
  std::size_t augmentation_workers_ = 0;
};

/// What split() returns.
template <std::floating_point T = float>
struct Split {
  Dataset<T> train;
  Dataset<T> test;
};

extern template class Dataset<float>;
extern template class Dataset<double>;

}  // namespace tenon
