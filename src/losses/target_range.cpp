#include <tenon/losses/target_range.hpp>

#include <cmath>
#include <string>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon::detail {

namespace {

constexpr double number_slack = 1e-4, sum_slack = 1e-2;

std::string describe(const TargetRange& range) {
  if (range.form == TargetForm::ends) return fmt::format("targets of {} or {}", range.low, range.high);
  return fmt::format("targets from {} to {}", range.low, range.high);
}

}  // namespace

template <class T>
void check_targets(std::string_view who, const TargetRange& range, Rows<const T> targets, std::size_t size,
                   std::size_t answers, std::span<const T> weights, std::string_view where) {
  const T low = static_cast<T>(range.low), high = static_cast<T>(range.high), slack = static_cast<T>(number_slack);
  const auto good = [&](T v) {  // of NaN it is false
    return range.form == TargetForm::ends ? std::abs(v - low) <= slack || std::abs(v - high) <= slack
                                          : v >= low - slack && v <= high + slack;
  };
  for (std::size_t i = 0; i < targets.count; ++i) {
    if (!weights.empty() && weights[i] == T(0)) continue;
    const T* const sample = targets[i];
    unsigned wrong = 0;  // first whether there is any, without a branch for each number
    for (std::size_t j = 0; j < size; ++j) wrong |= good(sample[j]) ? 0U : 1U;
    for (std::size_t j = 0; wrong != 0 && j < size; ++j)
      if (!good(sample[j]))
        throw Error(fmt::format("{}: expected {}, got {} as number {} of sample {}{}", who, describe(range), sample[j],
                                j, i, where));
    if (range.form != TargetForm::distribution) continue;
    for (std::size_t k = 0, width = size / answers; k < answers; ++k) {
      double sum = 0;
      for (std::size_t j = k * width; j < (k + 1) * width; ++j) sum += static_cast<double>(sample[j]);
      if (sum > 1 + sum_slack)
        throw Error(fmt::format("{}: expected a distribution, numbers with a sum of 1, got a sum of {:.6g} in sample "
                                "{}{} (of labels that do not exclude each other: BinaryCrossEntropy)",
                                who, sum, i, where));
    }
  }
}

template void check_targets(std::string_view, const TargetRange&, Rows<const float>, std::size_t, std::size_t,
                            std::span<const float>, std::string_view);
template void check_targets(std::string_view, const TargetRange&, Rows<const double>, std::size_t, std::size_t,
                            std::span<const double>, std::string_view);

}  // namespace tenon::detail
