#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/error.hpp>
#include <tenon/metrics/metric.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/shape.hpp>
#include <tenon/train/evaluate.hpp>

namespace tenon {

/// Shows a model's predictions for a whole data set to metrics, in one pass and in evaluation mode:
///
///     ConfusionMatrix confusion;
///     RocAuc auc;
///     measure(model, test, confusion, auc);
///
/// Metrics add to what they have seen before. Throws an Error where data and network do not fit, or the data lack what
/// a metric compares with. Of a network that answers at every step each step counts as a sample, and steps whose label
/// is ignored count as none.
template <class M, Metric... Metrics>
void measure(const M& model, const Dataset<typename M::scalar>& data, Metrics&... metrics) {
  using T = typename M::scalar;
  constexpr std::size_t size = M::output::size;
  const std::size_t answers = data.has_labels() ? data.label_size() : 1;
  const std::size_t width = size / answers;
  if (data.augmentation()) return measure(model, data.prepared(), metrics...);
  if (data.features().size() != data.size() * M::input::size)
    throw Error("measure: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(data.size() == 0 ? 0 : data.features().size() / data.size()));
  if (width * answers != size || (answers > 1 && (M::output::rank != 2 || M::output::dims[0] != answers)))
    throw Error("measure: expected samples with as many labels as the network gives answers, got " + std::to_string(answers));
  if (detail::describe_several(data.given_columns()).size() > 0)
    throw Error("measure: " + detail::describe_several(data.given_columns()));
  if (const std::size_t numbers = data.answers_itself() ? data.sample_size() : data.target_size(); !data.has_labels() && numbers != width)
    throw Error("measure: expected targets of " + std::to_string(width) + " numbers, got " + std::to_string(data.target_size()) +
                (data.answers_itself() ? ", and samples of " + std::to_string(numbers) + " to be reproduced" : std::string()));
  constexpr std::size_t chunk = 256;
  std::vector<std::int32_t> known;
  Arena<T> outputs(std::min(chunk, data.size()) * size);
  for (std::size_t first = 0; first < data.size(); first += chunk) {
    const std::size_t count = std::min(chunk, data.size() - first);
    model.predict(data.features().subspan(first * M::input::size, count * M::input::size), outputs.span().first(count * size));
    Predictions<T> p{.outputs = {outputs.data(), count * answers, width}, .width = width};
    if (data.has_labels()) p.labels = data.labels().subspan(first * answers, count * answers);
    else p.targets = detail::target_rows(data, first, count);
    if (detail::count_answered(p.labels) != p.labels.size()) {
      known.clear();
      for (std::size_t i = 0; i < p.labels.size(); ++i) {
        if (p.labels[i] == ignored_label) continue;
        std::copy_n(outputs.data() + i * width, width, outputs.data() + known.size() * width);
        known.push_back(p.labels[i]);
      }
      p.outputs.count = known.size();
      p.labels = known;
    }
    (metrics.update(p), ...);
  }
}

}  // namespace tenon
