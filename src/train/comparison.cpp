#include <tenon/train/comparison.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tenon/report/table.hpp>

namespace tenon {

namespace {

template <class F>
CrossValidation::Summary summary_of(const std::vector<History>& folds, F number) {
  CrossValidation::Summary s;
  for (const History& h : folds) s.mean += number(h.last()) / static_cast<double>(folds.size());
  for (const History& h : folds) s.deviation += std::pow(number(h.last()) - s.mean, 2);
  s.deviation = folds.size() < 2 ? 0 : std::sqrt(s.deviation / static_cast<double>(folds.size() - 1));
  return s;
}

std::string number_text(double v) { return std::isnan(v) ? "-" : fmt::format("{:.4f}", v); }

double seconds_of(const History& h) {
  double sum = 0;
  for (const EpochRecord& r : h.epochs) sum += r.seconds;
  return sum;
}

}  // namespace

CrossValidation::Summary CrossValidation::loss() const {
  return summary_of(folds, [](const EpochRecord& r) { return r.validation.loss; });
}
CrossValidation::Summary CrossValidation::accuracy() const {
  return summary_of(folds, [](const EpochRecord& r) { return r.validation.accuracy; });
}
CrossValidation::Summary CrossValidation::metric(std::string_view name) const {
  return summary_of(folds, [name](const EpochRecord& r) { return r.metric(name); });
}

std::string CrossValidation::text() const {
  std::vector<std::string> headers{"fold", "loss", "accuracy"};
  std::vector<std::vector<std::string>> rows;
  if (!folds.empty())
    for (const EpochRecord::Metric& m : folds.front().last().metrics) headers.push_back(m.name);
  for (std::size_t k = 0; k < folds.size(); ++k) {
    const EpochRecord& r = folds[k].last();
    rows.push_back({std::to_string(k + 1), number_text(r.validation.loss), number_text(r.validation.accuracy)});
    for (const EpochRecord::Metric& m : r.metrics) rows.back().push_back(number_text(m.value));
  }
  const Summary of_loss = loss(), of_accuracy = accuracy();
  std::vector<std::string> means{"mean", number_text(of_loss.mean), number_text(of_accuracy.mean)};
  std::vector<std::string> deviations{"deviation", number_text(of_loss.deviation), number_text(of_accuracy.deviation)};
  for (std::size_t k = 3; k < headers.size(); ++k) {
    const Summary s = metric(headers[k]);
    means.push_back(number_text(s.mean));
    deviations.push_back(number_text(s.deviation));
  }
  rows.push_back(means);
  rows.push_back(deviations);
  return format_table(headers, rows);
}

std::string Sweep::text() const {
  const std::vector<std::string> headers{"network",  "parameters", "seconds",     "loss",
                                         "accuracy", "val_loss",   "val_accuracy"};
  std::vector<std::vector<std::string>> lines;
  for (const Row& row : rows) {
    const EpochRecord& r = row.history.last();
    lines.push_back({row.name, format_count(row.parameters), fmt::format("{:.2f}", seconds_of(row.history)),
                     number_text(r.training.loss), number_text(r.training.accuracy), number_text(r.validation.loss),
                     number_text(r.validation.accuracy)});
  }
  return format_table(headers, lines);
}

Plot Sweep::plot() const {
  std::vector<double> x, y;
  bool validated = true;
  for (const Row& row : rows) validated = validated && !std::isnan(row.history.last().validation.loss);
  for (const Row& row : rows) {
    x.push_back(static_cast<double>(row.parameters));
    y.push_back(validated ? row.history.last().validation.loss : row.history.last().training.loss);
  }
  Plot plot{.x_label = "parameters", .y_label = validated ? "validation loss" : "training loss", .log_x = true};
  plot.points("", x, y);
  return plot;
}

Plot LrCurve::plot() const {
  Plot plot{.x_label = "learning rate", .y_label = "loss", .log_x = true};
  plot.line("loss", lr, loss);
  if (suggestion) {
    const auto at = std::find(lr.begin(), lr.end(), *suggestion) - lr.begin();
    plot.points("suggestion", {*suggestion}, {loss[static_cast<std::size_t>(at)]});
  }
  return plot;
}

std::optional<double> detail::steepest(const LrCurve& curve, std::size_t skip) {
  if (curve.loss.size() < skip + 3) return {};
  const std::vector<double>& loss = curve.loss;
  const std::size_t first = skip, last = loss.size() - 2;
  double least = 0;
  std::optional<double> found;
  for (std::size_t k = first; k <= last;
       ++k) {  // numpy.gradient: differences of both neighbours, one-sided at the ends
    const double slope = k == first  ? loss[k + 1] - loss[k]
                         : k == last ? loss[k] - loss[k - 1]
                                     : (loss[k + 1] - loss[k - 1]) / 2;
    if (!found || slope < least) least = slope, found = curve.lr[k];
  }
  return found;
}

}  // namespace tenon
