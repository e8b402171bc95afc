#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <tenon/losses/arguments.hpp>

/// What the numbers of a target may be, where a loss makes sense of some alone.
namespace tenon {

/// A loss says it in a member, and whoever evaluates it refuses the first target that is none:
///
///     static constexpr TargetRange target_range{0, 1};                      // a probability
///     static constexpr TargetRange target_range{-1, 1, TargetForm::ends};   // -1 or 1, nothing between
enum class TargetForm {
  between,       // any number from low to high
  ends,          // low or high
  distribution,  // numbers between that sum up to 1 in each row, or less where `Mixup` mixes in an ignored label
};
struct TargetRange {
  double low = 0, high = 1;
  TargetForm form = TargetForm::between;
};

namespace detail {

/// Throws an Error, such as "FocalLoss: expected targets of 0 or 1, got 2 as number 0 of sample 3", for the first sample
/// of `size` numbers that is no such target; of several answers side by side, each is to be a distribution. Rounding is
/// forgiven: 0.0001 for a number, 0.01 for a sum of 1. Samples that weigh 0 are passed over. `where` ends the message.
template <class T>
void check_targets(std::string_view who, const TargetRange& range, Rows<const T> targets, size_t size, size_t answers,
                   std::span<const T> weights, std::string_view where);
extern template void check_targets(std::string_view, const TargetRange&, Rows<const float>, size_t, size_t,
                                   std::span<const float>, std::string_view);
extern template void check_targets(std::string_view, const TargetRange&, Rows<const double>, size_t, size_t,
                                   std::span<const double>, std::string_view);

/// The same for a batch, where a sample that has a weight may be several rows, each an answer.
template <class T>
void check_targets_of_batch(std::string_view who, const TargetRange& range, const LossArguments<T>& batch) {
  const Rows<const T>& rows = batch.target.values;
  const size_t answers = batch.weights.empty() ? 1 : rows.count / batch.weights.size();
  if (answers == 1 || rows.stride == batch.width)
    check_targets(who, range, Rows<const T>{rows.data, rows.count / answers, rows.stride * answers},
                  batch.width * answers, answers, batch.weights, " of the batch");
}

}  // namespace detail
}  // namespace tenon
