#include <tenon/optim/schedules.hpp>

#include <string>
#include <string_view>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

void AnySchedule::expect_length(std::uint64_t epochs, std::uint64_t steps_an_epoch) const {
  const std::uint64_t each = per_step_ ? steps_an_epoch : 1;
  if (!end_ || each == 0 || epochs <= end_->time() / each) return;
  const std::string run = per_step_ ? fmt::format("{} epochs of {} steps", epochs, steps_an_epoch)
                                    : fmt::format("{} epochs", epochs);
  const std::string_view unit = per_step_ ? "step" : "epoch";
  const std::string from = end_->begin == 0 ? "" : fmt::format(" from {} {} on", unit, end_->begin);
  throw Error(fmt::format("{}: the run has {}, the schedule {} {}s{}", end_->name, run, end_->length, unit, from));
}

void detail::expect_rising_milestones(std::string_view owner, std::span<const std::uint64_t> milestones) {
  for (std::size_t i = 1; i < milestones.size(); ++i)
    if (milestones[i] < milestones[i - 1])
      throw Error(fmt::format("{}: milestones[{}]: expected at least {}, the one before, got {}", owner, i,
                              milestones[i - 1], milestones[i]));
}

}  // namespace tenon
