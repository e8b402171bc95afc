#include <tenon/losses/target_range.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/kernels/dispatch.hpp>

namespace tenon::detail {

namespace {

constexpr double number_slack = 1e-4, sum_slack = 1e-2;

std::string describe(const TargetRange& range) {
  if (range.form == TargetForm::ends) return fmt::format("targets of {} or {}", range.low, range.high);
  return fmt::format("targets from {} to {}", range.low, range.high);
}

/// What a single number may be; NaN may not.
template <class T>
struct Allowed {
  TargetForm form;
  T low, high, slack;

  explicit Allowed(const TargetRange& range)
      : form(range.form),
        low(static_cast<T>(range.low)),
        high(static_cast<T>(range.high)),
        slack(static_cast<T>(number_slack)) {}

  bool operator()(T v) const {
    if (form == TargetForm::ends) return std::abs(v - low) <= slack || std::abs(v - high) <= slack;
    return v >= low - slack && v <= high + slack;
  }
  /// The same of `count` numbers, without a branch for each: every batch is looked at.
  bool all(const T* values, std::size_t count) const {
    const auto between = [](const T* v, std::size_t n, T from, T to) TENON_INLINE_LAMBDA {
      int wrong = 0;
#pragma omp simd reduction(+ : wrong)
      for (std::size_t i = 0; i < n; ++i) wrong += !((v[i] >= from) & (v[i] <= to));
      return wrong == 0;
    };
    const auto ends = [](const T* v, std::size_t n, T first, T second, T around) TENON_INLINE_LAMBDA {
      int wrong = 0;
#pragma omp simd reduction(+ : wrong)
      for (std::size_t i = 0; i < n; ++i)
        wrong += !(std::min(std::abs(v[i] - first), std::abs(v[i] - second)) <= around);
      return wrong == 0;
    };
    return form == TargetForm::ends ? kernels::dispatch(ends, values, count, low, high, slack)
                                    : kernels::dispatch(between, values, count, low - slack, high + slack);
  }
};

}  // namespace

template <class T>
void check_targets(std::string_view who, const TargetRange& range, Rows<const T> targets, std::size_t size,
                   std::size_t answers, std::span<const T> weights, std::string_view where) {
  const Allowed<T> good(range);
  for (std::size_t i = 0; i < targets.count; ++i) {
    if (!weights.empty() && weights[i] == T(0)) continue;
    const T* const sample = targets[i];
    const bool all_good = good.all(sample, size);
    for (std::size_t j = 0; !all_good && j < size; ++j)
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
