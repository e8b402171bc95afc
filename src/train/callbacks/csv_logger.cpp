#include <tenon/train/callbacks/csv_logger.hpp>

#include <cmath>

#include <fmt/format.h>

#include <tenon/io/atomic_file.hpp>

namespace tenon {

void write_csv(const History& history, const std::string& path) {
  std::string text = "epoch,lr,loss,accuracy,val_loss,val_accuracy,seconds";
  // the metrics are those of a Fit, so every epoch has the same
  if (!history.empty())
    for (const EpochRecord::Metric& m : history.epochs[0].metrics) text += "," + m.name;
  text += '\n';
  for (const EpochRecord& r : history.epochs) {
    text += std::to_string(r.epoch);
    for (const double v :
         {r.lr, r.training.loss, r.training.accuracy, r.validation.loss, r.validation.accuracy, r.seconds})
      text += std::isnan(v) ? "," : fmt::format(",{}", v);
    for (const EpochRecord::Metric& m : r.metrics) text += std::isnan(m.value) ? "," : fmt::format(",{}", m.value);
    text += '\n';
  }
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace tenon
