#include <tenon/train/callbacks/csv_log.hpp>

#include <cmath>

#include <fmt/format.h>

#include <tenon/io/atomic_file.hpp>

namespace tenon {

void write_csv(const History& history, const std::string& path) {
  std::string text = "epoch,lr,loss,accuracy,val_loss,val_accuracy,seconds\n";
  for (const EpochRecord& r : history.epochs) {
    text += std::to_string(r.epoch);
    for (const double v : {r.lr, r.training.loss, r.training.accuracy, r.validation.loss, r.validation.accuracy, r.seconds})
      text += std::isnan(v) ? "," : fmt::format(",{}", v);
    text += '\n';
  }
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace tenon
