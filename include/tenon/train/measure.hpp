#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include <tenon/data/dataset.hpp>
#include <tenon/error.hpp>
#include <tenon/metrics/metric.hpp>
#include <tenon/model/arena.hpp>
#include <tenon/shape.hpp>

namespace tenon {

/// Shows a model's predictions for a whole data set to metrics, in one pass and in evaluation mode:
///
///     ConfusionMatrix confusion;
///     RocAuc auc;
///     measure(model, test, confusion, auc);
///
/// Metrics add to what they have seen before. Throws an Error where data and network do not fit, or the data lack what
/// a metric compares with.
template <class M, Metric... Metrics>
void measure(const M& model, const Dataset<typename M::scalar>& data, Metrics&... metrics) {
  using T = typename M::scalar;
  constexpr std::size_t width = M::output::size;
  if (data.augmentation()) return measure(model, data.prepared(), metrics...);
  if (data.features().size() != data.size() * M::input::size)
    throw Error("measure: expected samples of " + std::to_string(M::input::size) + " numbers, got " +
                std::to_string(data.size() == 0 ? 0 : data.features().size() / data.size()));
  if (!data.has_labels() && data.target_size() != width)
    throw Error("measure: expected targets of " + std::to_string(width) + " numbers, got " + std::to_string(data.target_size()));
  constexpr std::size_t chunk = 256;
  Arena<T> outputs(std::min(chunk, data.size()) * width);
  for (std::size_t first = 0; first < data.size(); first += chunk) {
    const std::size_t count = std::min(chunk, data.size() - first);
    model.predict(data.features().subspan(first * M::input::size, count * M::input::size), outputs.span().first(count * width));
    Predictions<T> p{.outputs = {outputs.data(), count, width}, .width = width};
    if (data.has_labels()) p.labels = data.labels().subspan(first, count);
    else p.targets = {data.target(first).data(), count, data.target_size()};
    (metrics.update(p), ...);
  }
}

}  // namespace tenon
