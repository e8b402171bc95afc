#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace tenon {

class Archive;

/// Loss and accuracy over a whole data set; accuracy is NaN where targets are not classes.
struct Scores {
  double loss = std::numeric_limits<double>::quiet_NaN();
  double accuracy = std::numeric_limits<double>::quiet_NaN();
  std::string non_finite{};  // where the first number that is not finite came up; empty where all are
};

/// What one epoch of training gave. `training` is averaged over the epoch's batches while the
/// weights move and dropout is on; `validation` is taken after it, and NaN without validation data.
struct EpochRecord {
  std::size_t epoch = 0;  // from 1
  double lr = 0;          // of its last step
  Scores training{};
  Scores validation{};
  double seconds = 0;
};

struct History {
  std::vector<EpochRecord> epochs{};
  std::vector<std::string> warnings{};  // also shown, where progress is: not what was wanted, but no reason to stop

  bool empty() const { return epochs.empty(); }
  /// An Error where no epoch has ended.
  const EpochRecord& last() const;

  /// To or from a checkpoint, where each epoch is so many numbers.
  void archive(Archive& a);
  static constexpr std::size_t numbers_per_epoch = 7;
};

}  // namespace tenon
