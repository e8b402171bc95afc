#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/net/layer.hpp>

/// What a loss is computed from, and what becomes of its values.
namespace tenon {

/// What becomes of the losses of a batch. `mean` is PyTorch's: over samples, and over features too
/// where a formula has a value for each; `batchmean` divides by the number of samples alone. With
/// `none` the caller wants a value per sample (a sum over features); the gradient is that of the sum.
enum class Reduction { mean, batchmean, sum, none };

/// Whether the value of a batch is an average: that of many batches is then one too.
constexpr bool is_average(Reduction r) { return r == Reduction::mean || r == Reduction::batchmean; }

/// What a loss compares with: a class index per sample, or numbers.
enum class TargetKind { labels, values, either };

/// The right answers of a batch: class indices, or numbers.
template <class T>
struct LossTarget {
  std::span<const std::int32_t> labels{};
  Rows<const T> values{};
};

/// A batch as a loss sees it. `values` takes one number per sample; `gradient` may be absent. With `weights` the loss
/// of sample i counts weights[i] times, and a mean is divided by the sum of the weights instead of the number of
/// samples (Keras: sample_weight, averaged as weighted_metrics are); a weight of 0 takes the sample out, whatever its
/// loss is. Where a sample is several rows, say the steps of a sequence, all of them have its weight.
template <class T>
struct LossArguments {
  Rows<const T> prediction{};
  size_t width = 0;
  LossTarget<T> target{};
  std::span<T> values{};
  Rows<T> gradient{};
  std::span<const T> weights{};  // one per sample; empty: all 1
};

}  // namespace tenon
