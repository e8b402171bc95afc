#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/dist/rank_seconds.hpp>

namespace tenon {

class Archive;

/// Loss and accuracy over a whole data set; accuracy is NaN where targets are not classes.
struct Scores {
  double loss = std::numeric_limits<double>::quiet_NaN();
  double accuracy = std::numeric_limits<double>::quiet_NaN();
  std::string non_finite{};  // where the first number that is not finite came up; empty where all are
};

/// The results of one epoch of training. `training` is averaged over the epoch's batches while the
/// weights move and dropout is on; `validation` is taken after it, and NaN without validation data.
struct EpochRecord {
  struct Metric {
    std::string name{};
    double value = 0;
  };
  size_t epoch = 0;  // from 1
  double lr = 0;     // of its last step
  Scores training{};
  Scores validation{};
  double seconds = 0;
  std::vector<Metric> metrics{};  // those of the Fit, on the validation data: "val_mae"

  /// Of several ranks, what each one's time went to, in seconds: compute, wait and exchange of the first, then of the
  /// next. Not kept in checkpoints.
  std::vector<double> rank_seconds{};
  std::vector<RankSeconds> ranks() const;

  /// An Error where there is none of this name.
  double metric(std::string_view name) const;
};

struct History {
  std::vector<EpochRecord> epochs{};
  std::vector<std::string> warnings{};  // also shown with the progress: what is likely a mistake, but no reason to stop

  bool empty() const { return epochs.empty(); }
  void add_epoch(const EpochRecord& record);
  void add_warning(std::string sentence);
  /// An Error where no epoch has ended.
  const EpochRecord& last() const;

  /// To or from a checkpoint, where each epoch is so many numbers.
  void archive(Archive& a);
  static constexpr size_t numbers_per_epoch = 7;
  /// The same of its metrics, which are called so: an Error where a checkpoint has others.
  void archive_metrics(Archive& a, const std::vector<std::string>& names);
};

namespace detail {

/// "ROC AUC" as a column of a table: "roc_auc".
std::string column_name(std::string_view words);
/// An Error where a name is used twice, or is that of a number that every record has.
void check_metric_names(const std::vector<std::string>& names);
/// A number of the record by its name; an Error that begins with `who` and lists those there are.
double find_metric(const EpochRecord& record, std::string_view name, const char* who);
/// Before there is a record.
void expect_metric(const std::vector<std::string>& names, std::string_view name, const char* who);

}  // namespace detail
}  // namespace tenon
