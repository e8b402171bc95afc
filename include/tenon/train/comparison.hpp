#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/report/plot.hpp>
#include <tenon/train/history.hpp>

/// What several trainings gave, side by side.
namespace tenon {

/// Of a `cross_validate`: what each fold gave.
struct CrossValidation {
  std::vector<History> folds{};  // each ends with what the fold's test data gave

  struct Summary {
    double mean = 0, deviation = 0;  // of the folds; the deviation is divided by their number less one
  };
  Summary loss() const;
  Summary accuracy() const;
  /// A number by its name in the records: "val_mae".
  Summary metric(std::string_view name) const;
  /// A row for each fold, and their means.
  std::string text() const;
};

/// Of a `sweep`: a row for each network.
struct Sweep {
  struct Row {
    std::string name{};
    size_t parameters = 0;
    History history{};
  };
  std::vector<Row> rows{};

  /// Parameters, seconds, and the losses and accuracies of the last epoch.
  std::string text() const;
  /// Validation loss, or training loss where there are no validation data, over the number of parameters.
  Plot plot() const;
};

/// What `find_lr` finds: the learning rates tried, the loss of each one's batch, smoothed, and the rate where it falls
/// most steeply, if enough were tried.
struct LrCurve {
  std::vector<double> lr{}, loss{};
  std::optional<double> suggestion{};

  Plot plot() const;
};

namespace detail {

/// The steepest fall, without the first `skip` rates and the last.
std::optional<double> steepest(const LrCurve& curve, size_t skip);

}  // namespace detail

}  // namespace tenon
