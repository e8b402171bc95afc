#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string_view>

#include <tenon/report/progress.hpp>

namespace tenon {

/// Shows the progress of a long job on a terminal. A job that ends before `after` seconds, or whose messages go into a
/// pipe, shows nothing. It never allocates. One thread at a time.
///
///     LongJob job("drawing", images.size(), "images");
///     for (...) job.update(++done);
///     job.finish();
class LongJob {
public:
  /// `name` and `unit` must stay where they are.
  LongJob(std::string_view name, size_t total, std::string_view unit, bool wanted = true, double after = 2,
          std::FILE* out = stderr);

  void update(size_t done);
  void finish();

private:
  std::string_view name_, unit_;
  size_t total_, before_ = 0;  // how much was done when it was first shown
  double shown_from_;          // seconds of the steady clock
  bool wanted_;
  std::FILE* out_;
  std::optional<Progress> progress_{};
};

}  // namespace tenon
