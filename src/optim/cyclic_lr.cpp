#include <tenon/optim/cyclic_lr.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tenon {

double CyclicLR::height(std::uint64_t t) const {
  check_options(*this);
  const double up = static_cast<double>(step_size_up);
  const double down = step_size_down == 0 ? up : static_cast<double>(step_size_down);
  const double cycle = std::floor(static_cast<double>(t) / (up + down));
  const double within = static_cast<double>(t) - cycle * (up + down);
  const double triangle = std::clamp(within <= up ? within / up : (up + down - within) / down, 0.0,
                                     1.0);  // t may be beyond what is exact
  switch (mode) {
  case Mode::triangular2:
    return triangle * std::pow(0.5, cycle);
  case Mode::exp_range:
    return triangle * std::pow(gamma, static_cast<double>(t));
  default:
    return triangle;
  }
}

OneCycleLR::Phase OneCycleLR::phase(std::uint64_t t) const {
  check_options(*this);
  const double total = static_cast<double>(total_steps);
  const double top = pct_start * total - 1;
  const std::array<double, 3> ends = {top, three_phase ? 2 * top : total - 1, total - 1};
  const double now = std::min(static_cast<double>(t), total - 1);
  const int last = three_phase ? 2 : 1;
  int index = 0;
  double start = 0;
  while (index < last && now > ends[static_cast<std::size_t>(index)]) start = ends[static_cast<std::size_t>(index++)];
  const double length = ends[static_cast<std::size_t>(index)] - start;
  return {index, length > 0 ? (now - start) / length : 1};
}

double OneCycleLR::between(double from, double to, double progress) const {
  if (anneal_strategy == Anneal::linear) return from + (to - from) * progress;
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * progress));
}

double OneCycleLR::operator()(double, std::uint64_t t) const {
  const double initial = max_lr / div_factor;
  const double least = initial / final_div_factor;
  const Phase p = phase(t);
  if (p.index == 0) return between(initial, max_lr, p.progress);
  if (p.index == 1) return between(max_lr, three_phase ? initial : least, p.progress);
  return between(initial, least, p.progress);
}

std::optional<double> OneCycleLR::momentum(std::uint64_t t) const {
  if (!cycle_momentum) return std::nullopt;
  const Phase p = phase(t);
  if (p.index == 0) return between(max_momentum, base_momentum, p.progress);
  if (p.index == 1) return between(base_momentum, max_momentum, p.progress);
  return max_momentum;
}

}  // namespace tenon
