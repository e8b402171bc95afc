#include <tenon/train/data_check.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/kernels/dispatch.hpp>

namespace tenon::detail {

void refuse_batch_size(const char* who, std::size_t most, std::size_t batch_size) {
  throw Error(fmt::format("{}: expected a batch_size from 1 to {}, got {}", who, most, batch_size));
}

void check_step_size(std::size_t batch_size, std::size_t accumulate) {
  constexpr std::size_t most = std::size_t{1} << 63;
  if (accumulate <= std::max(most / batch_size, std::size_t{1})) return;
  throw Error(fmt::format("Fit: accumulate: expected steps of at most 2^63 samples, got {} batches of {}", accumulate,
                          batch_size));
}

std::string describe_several(std::span<const ColumnInfo> columns) {
  const auto count = [&](ColumnKind kind) { return count_columns(columns, kind); };
  if (count(ColumnKind::features) <= 1 && count(ColumnKind::labels) + count(ColumnKind::targets) <= 1) return {};
  return fmt::format("the network has one input and one output, expected a column of features and one of labels or "
                     "targets (see Dataset::select), got {}",
                     describe_columns(columns));
}

void check_data(std::string_view who, const DataDemand& demand, const DataOffer& offer) {
  const auto require = [&](bool good, auto text) {
    if (!good) throw Error(fmt::format("{}: {}", who, text()));
  };
  const std::size_t count = offer.samples;
  require(count > 0, [] { return "expected at least one sample, got none"; });
  if (const std::string several = describe_several(offer.columns); !several.empty())
    throw Error(fmt::format("{}: {}", who, several));
  require(offer.weights == 0 || offer.weights == count,
          [&] { return fmt::format("expected {} weights, one a sample, got {}", count, offer.weights); });
  require(offer.features == count * demand.input, [&] {
    return fmt::format("the network takes samples of {} numbers, got samples of {}", demand.input,
                       offer.features / count);
  });

  const bool labelled = !offer.labels.empty();
  const bool compares_labels = demand.target != TargetKind::values && (labelled || demand.target == TargetKind::labels);
  if (!compares_labels && !labelled && offer.targets == 0 && !demand.classes) {
    require(demand.input == demand.output, [&] {
      return fmt::format("the loss compares the network's {} numbers a sample with as many targets, got 0, and samples "
                         "of {} numbers to be reproduced",
                         demand.output, demand.input);
    });
    return;
  }
  if (!compares_labels) {
    require(offer.targets == count * demand.output, [&] {
      return fmt::format("the loss compares the network's {} numbers a sample with as many targets, got {}{}",
                         demand.output, offer.targets / count, labelled ? " and class labels" : "");
    });
    return;
  }
  require(offer.labels.size() == count * demand.answers, [&] {
    if (!labelled) return std::string("the loss compares with class labels, and the data have none");
    if (demand.answers == 1 && offer.labels.size() < count)
      return fmt::format("expected {} class labels, one a sample, got {}", count, offer.labels.size());
    return fmt::format("the network gives {} answers a sample, got samples with {} class labels", demand.answers,
                       offer.labels.size() / count);
  });
  const std::size_t classes = std::max(demand.output / demand.answers, std::size_t{2});
  const auto outside = [&](std::int32_t label) {
    return label == ignore_index ? !demand.ignores : label < 0 || static_cast<std::size_t>(label) >= classes;
  };
  const auto found = std::ranges::find_if(offer.labels, outside);
  require(found == offer.labels.end(), [&] {
    return fmt::format("the network tells {} classes apart, got label {} of sample {}", classes, *found,
                       static_cast<std::size_t>(found - offer.labels.begin()) / demand.answers);
  });
}

namespace {

constexpr std::size_t quarter = 1024;  // of a block of `finite`

/// A number times 0 is 0, and NaN where it is not finite: sums of such, which a processor makes many at a time, are
/// too.
template <class T>
bool finite(std::span<const T> values) {
  const auto block = [](const T* v, T* result) TENON_INLINE_LAMBDA {
    T a = 0, b = 0, c = 0, d = 0;  // four, so that none waits for the last
#pragma omp simd reduction(+ : a, b, c, d)
    for (std::size_t i = 0; i < quarter; ++i) {
      a += v[i] * T(0);
      b += v[quarter + i] * T(0);
      c += v[2 * quarter + i] * T(0);
      d += v[3 * quarter + i] * T(0);
    }
    *result = (a + b) + (c + d);
  };
  std::size_t first = 0;
  for (; first + 4 * quarter <= values.size(); first += 4 * quarter) {
    T sum = 0;
    kernels::dispatch(block, values.data() + first, &sum);
    if (sum != T(0)) return false;
  }
  for (; first < values.size(); ++first)
    if (!std::isfinite(values[first])) return false;
  return true;
}

template <class T>
std::string describe_sample(const Batch<T>& batch) {
  for (std::size_t i = 0; i < batch.count; ++i) {
    const auto row = [&](std::span<T> all) {
      return std::span<const T>(all.subspan(i * (all.size() / batch.count), all.size() / batch.count));
    };
    const bool good = finite(row(batch.features));
    if (good && finite(row(batch.targets))) continue;
    return fmt::format("{} {} of the data is not finite", good ? "the target of sample" : "sample",
                       batch.indices.empty() ? i : batch.indices[i]);
  }
  return {};
}

}  // namespace

bool all_finite(std::span<const float> values) { return finite(values); }
bool all_finite(std::span<const double> values) { return finite(values); }

std::string describe_non_finite_sample(const Batch<float>& batch) { return describe_sample(batch); }
std::string describe_non_finite_sample(const Batch<double>& batch) { return describe_sample(batch); }

std::string describe_non_finite_layer(const UnitRow* unit, std::string_view parameter) {
  std::string text = "the outputs of all layers are finite";
  if (unit) text = fmt::format("it first appears in the output of layer {}, {}", unit->path, unit->type);
  if (!parameter.empty()) text += fmt::format(", and {} is not finite either", parameter);
  return text;
}

}  // namespace tenon::detail
