#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/ignore_index.hpp>
#include <tenon/losses/loss.hpp>

/// How much a batch counts among others. The mean of a large batch is that of its parts only if each part weighs what
/// its own mean was divided by. Training with accumulation, the records of epochs and evaluation all ask here, so that
/// they give the same numbers however the data are cut into batches.
namespace tenon {

namespace detail {

/// How many labels are not ignored.
inline size_t count_answered(std::span<const std::int32_t> labels) {
  return labels.size() - static_cast<size_t>(std::count(labels.begin(), labels.end(), ignore_index));
}

/// What a mean over class indices is divided by: a label counts as much as its class, and one that is ignored for
/// nothing.
double total_weight(std::span<const std::int32_t> labels, std::span<const double> class_weight);
/// The same times the weight of its sample, of which there may be several labels; without weights all count 1.
template <class T>
double total_weight(std::span<const std::int32_t> labels, std::span<const double> class_weight,
                    std::span<const T> weights);
extern template double total_weight(std::span<const std::int32_t>, std::span<const double>, std::span<const float>);
extern template double total_weight(std::span<const std::int32_t>, std::span<const double>, std::span<const double>);

}  // namespace detail

/// What the value of a batch has to be multiplied by to be a sum again; the sum over batches, divided by the sum of
/// their weights, is the value of all of them together. 1 where the loss is a sum already. `rows` are the answers of
/// the batch, ignored ones included; `labels` are theirs, or none, and `weights` those of its samples, or none.
template <Loss L, class T = float>
double batch_weight(const L& loss, std::span<const std::int32_t> labels, size_t rows, std::span<const T> weights = {}) {
  if (!is_average(loss.reduction)) return 1;
  if constexpr (ignores_labels<L> && labels_rows<L>) {
    if (!labels.empty() && loss.reduction == Reduction::mean) {
      if constexpr (requires { loss.class_weight; }) return detail::total_weight(labels, loss.class_weight, weights);
      else return detail::total_weight(labels, {}, weights);
    }
  }
  return detail::weight_of_rows(rows, weights);
}

}  // namespace tenon
