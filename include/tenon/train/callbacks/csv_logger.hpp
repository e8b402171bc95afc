#pragma once

#include <string>

#include <tenon/options.hpp>
#include <tenon/train/history.hpp>

namespace tenon {

/// The history as a table: epoch, lr, loss, accuracy, val_loss, val_accuracy, seconds, and the metrics of the Fit;
/// fields without a number are empty. Throws an Error that names the file.
void write_csv(const History& history, const std::string& path);

/// Writes the history so far after every epoch. The file is replaced as a whole, so that a resumed run's log
/// has every epoch once.
/// Keras: CSVLogger.
///
///     fit(model, train, Fit{.epochs = 50, .validation = test, .callbacks = callbacks(CSVLogger{"run.csv"})});
struct CSVLogger {
  std::string path;

  static constexpr void each_option(auto& o, auto visit) { visit("path", o.path, not_empty); }
  void on_epoch_end(auto& run) const {
    if (run.leads()) write_csv(run.history(), path);
  }
};

using CsvLog [[deprecated("called CSVLogger")]] = CSVLogger;

}  // namespace tenon
