#include <tenon/optim/schedules.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <tenon/options.hpp>

namespace tenon {

double StepLR::operator()(double lr, std::uint64_t t) const {
  check_options(*this);
  const std::uint64_t steps = t / step_size;
  return lr * std::pow(gamma, static_cast<double>(steps));
}

double MultiStepLR::operator()(double lr, std::uint64_t t) const {
  const auto passed = std::count_if(milestones.begin(), milestones.end(), [&](std::uint64_t m) { return m <= t; });
  return lr * std::pow(gamma, static_cast<double>(passed));
}

double CosineAnnealingLR::operator()(double lr, std::uint64_t t) const {
  check_options(*this);
  const double angle = std::numbers::pi * static_cast<double>(t) / static_cast<double>(T_max);
  return eta_min + (lr - eta_min) * (1 + std::cos(angle)) / 2;
}

double CosineAnnealingWarmRestarts::operator()(double lr, std::uint64_t t) const {
  check_options(*this);
  std::uint64_t length = T_0;
  if (T_mult == 1) {
    t %= T_0;
  } else {
    while (t >= length) {
      t -= length;
      if (length > ~std::uint64_t{0} / T_mult) break;  // longer than there are epochs
      length *= T_mult;
    }
  }
  return CosineAnnealingLR{length, eta_min}(lr, t);
}

}  // namespace tenon
