#include <tenon/report/long_job.hpp>
#include <tenon/train/clock.hpp>

#include "terminal.hpp"

namespace tenon {

LongJob::LongJob(std::string_view name, std::size_t total, std::string_view unit, bool wanted, double after,
                 std::FILE* out)
    : name_(name),
      unit_(unit),
      total_(total),
      shown_from_(detail::steady_seconds() + after),
      wanted_(wanted && out != nullptr && detail::is_terminal(out)),
      out_(out) {}

void LongJob::update(std::size_t done) {
  if (!wanted_) return;
  if (!progress_) {
    if (detail::steady_seconds() < shown_from_ || done >= total_) return;
    progress_.emplace(out_);
    progress_->begin(name_, total_ - done, unit_);
    before_ = done;
  }
  progress_->update(done - before_);
}

void LongJob::finish() {
  if (progress_) progress_->finish();
}

}  // namespace tenon
