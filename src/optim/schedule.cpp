#include <tenon/optim/schedule.hpp>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

void AnySchedule::expect_length(std::uint64_t epochs, std::uint64_t steps_an_epoch) const {
  const std::uint64_t each = per_step_ ? steps_an_epoch : 1;
  if (!length_ || each == 0 || epochs <= *length_ / each) return;
  if (!per_step_) throw Error(fmt::format("{}: the run has {} epochs, the schedule {}", name_, epochs, *length_));
  throw Error(fmt::format("{}: the run has {} epochs of {} steps, the schedule {} steps", name_, epochs, steps_an_epoch,
                          *length_));
}

}  // namespace tenon
