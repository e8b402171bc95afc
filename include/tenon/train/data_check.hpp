#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <tenon/data/loader.hpp>
#include <tenon/losses/loss.hpp>
#include <tenon/net/parameters.hpp>
#include <tenon/net/summary.hpp>

/// Whether samples go with a network and its loss, known only at run time.
namespace tenon::detail {

/// Numbers a sample, and what the loss compares with.
struct DataDemand {
  size_t input = 0;
  size_t output = 0;
  TargetKind target = TargetKind::either;
  size_t answers = 1;    // labels a sample
  bool ignores = false;  // `ignore_index` is one
  bool classes = false;  // the output is class scores
};

/// What a network with this input and output, trained with this loss, takes.
template <Loss L, class Input, class Output>
inline constexpr DataDemand demand_of{Input::size,           Output::size,      target_kind_of<L>,
                                      answers_of<L, Output>, ignores_labels<L>, compares_classes<L>};

/// A data set or a batch of one.
struct DataOffer {
  size_t samples = 0;
  size_t features = 0;  // numbers in all
  size_t targets = 0;   // numbers in all
  std::span<const std::int32_t> labels{};
  std::span<const ColumnInfo> columns{};
  size_t weights = 0;  // of samples; 0 where there are none
};

/// Throws an Error that begins with `who` where they do not fit. A network of one output separates two
/// classes. Data with neither labels nor targets are for a network that reproduces its input: where the loss
/// compares numbers, and the output is as large as the input, the targets are the features as the network is given
/// them, after the augmentation. So noise of an augmentation is learnt as well; a denoising network is given the
/// clean numbers as targets, or a layer that adds the noise.
void check_data(std::string_view who, const DataDemand& demand, const DataOffer& offer);

template <class T>
DataOffer offer_of(const Dataset<T>& data) {
  const size_t n = data.shown_samples();
  return {n,
          n * data.given_size(),
          n * data.target_size(),
          data.shown_labels(),
          data.given_columns(),
          data.has_weights() ? n : 0};
}
template <class T>
DataOffer offer_of(const Batch<T>& batch) {
  return {batch.count, batch.features.size(), batch.targets.size(), batch.labels, batch.columns, batch.weights.size()};
}

/// Why a network of one input and one output cannot take such data; empty where it can.
std::string describe_several(std::span<const ColumnInfo> columns);

/// What the network should give for `count` samples: their targets, or, where there are none, themselves.
template <class T>
Rows<const T> target_rows(const Dataset<T>& data, size_t first, size_t count) {
  if (data.answers_itself()) return {data.sample(first).data(), count, data.sample_size()};
  return {data.target(first).data(), count, data.target_size()};
}

[[noreturn]] void refuse_batch_size(const char* who, size_t most, size_t batch_size);
/// Throws an Error where so many samples cannot be counted, or what they take together not be addressed.
constexpr void check_batch_size(const char* who, size_t batch_size, size_t bytes_of_sample) {
  const size_t most = std::numeric_limits<std::ptrdiff_t>::max() / bytes_of_sample;
  if (batch_size < 1 || batch_size > most) refuse_batch_size(who, most, batch_size);
}
/// The same for the samples of a step.
void check_step_size(size_t batch_size, size_t accumulate);

/// No NaN and no infinity.
bool all_finite(std::span<const float> values);
bool all_finite(std::span<const double> values);

/// The first parameter that holds a NaN or an infinity; empty where all are finite.
template <class M>
std::string_view non_finite_parameter(const M& model) {
  for (const ParameterEntry& entry : parameter_table<typename M::network>)
    if (!all_finite(model.values(entry))) return entry.name;
  return {};
}

/// Says which sample of a batch is not finite; empty where all are.
std::string describe_non_finite_sample(const Batch<float>& batch);
std::string describe_non_finite_sample(const Batch<double>& batch);

/// Says in which layer's output the first number that is not finite appears (null: in none), and which parameter holds
/// one (empty: none).
std::string describe_non_finite_layer(const UnitRow* unit, std::string_view parameter);

}  // namespace tenon::detail
