#include <tenon/losses/ctc.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/ignore_index.hpp>

#include "../backwards.hpp"

namespace tenon::detail {

namespace {

constexpr double never = -std::numeric_limits<double>::infinity();

double log_sum(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == never ? a : a + std::log1p(std::exp(b - a));
}

/// What one sample needs: kept by each thread, so that steps after the first take nothing from the heap.
struct Scratch {
  std::vector<std::int32_t> path{};                    // blank, label, blank, ..., label, blank
  std::vector<double> log_p{}, forward{}, backward{};  // (steps, classes), (steps, path), two rows of path
};

/// -log of the probability of the path's labels; adds `scale` times its gradient by the scores.
template <class T>
double of_sample(Scratch& space, Rows<const T> scores, std::size_t classes, bool zero_infinity, Rows<T> gradient,
                 double scale) {
  const std::size_t steps = scores.count, places = space.path.size();
  space.log_p.resize(steps * classes);
  for (std::size_t t = 0; t < steps; ++t) {
    const T* row = scores[t];
    const auto most = static_cast<double>(*std::max_element(row, row + classes));
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(row[c]) - most);
    for (std::size_t c = 0; c < classes; ++c)
      space.log_p[t * classes + c] = static_cast<double>(row[c]) - most - std::log(sum);
  }
  const auto log_p = [&](std::size_t t, std::size_t s) {
    return space.log_p[t * classes + static_cast<std::size_t>(space.path[s])];
  };
  // from s - 2 to s without the blank between: only between labels that differ
  const auto skips = [&](std::size_t s) { return s >= 2 && s % 2 == 1 && space.path[s] != space.path[s - 2]; };
  space.forward.assign(steps * places, never);
  double* a = space.forward.data();
  for (std::size_t s = 0; s < std::min<std::size_t>(2, places); ++s) a[s] = log_p(0, s);
  for (std::size_t t = 1; t < steps; ++t)
    for (std::size_t s = 0; s < places; ++s) {
      const double* before = a + (t - 1) * places;
      double sum = before[s];
      if (s >= 1) sum = log_sum(sum, before[s - 1]);
      if (skips(s)) sum = log_sum(sum, before[s - 2]);
      a[t * places + s] = sum + log_p(t, s);
    }
  const double* end = a + (steps - 1) * places;
  const double log_likelihood = places == 1 ? end[0] : log_sum(end[places - 1], end[places - 2]);
  if (log_likelihood == never && zero_infinity) return 0;
  if (!gradient) return -log_likelihood;
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t c = 0; c < classes; ++c)
      gradient[t][c] = static_cast<T>(scale * std::exp(space.log_p[t * classes + c]));
  space.backward.assign(2 * places, never);  // of what follows step t
  double *now = space.backward.data(), *next = now + places;
  for (const std::size_t t : detail::backwards(steps)) {
    for (const std::size_t s : detail::backwards(places)) {
      if (t + 1 == steps) {
        now[s] = s + 2 >= places ? 0 : never;
      } else {
        double sum = next[s] + log_p(t + 1, s);
        if (s + 1 < places) sum = log_sum(sum, next[s + 1] + log_p(t + 1, s + 1));
        if (s + 2 < places && skips(s + 2)) sum = log_sum(sum, next[s + 2] + log_p(t + 1, s + 2));
        now[s] = sum;
      }
      const double here = std::exp(a[t * places + s] + now[s] - log_likelihood);  // NaN where the likelihood is zero
      gradient[t][static_cast<std::size_t>(space.path[s])] -= static_cast<T>(scale * here);
    }
    std::swap(now, next);
  }
  return -log_likelihood;
}

}  // namespace

template <class T>
double ctc(const LossArguments<T>& loss, std::size_t steps, std::size_t blank, bool zero_infinity,
           Reduction reduction) {
  const std::size_t samples = loss.prediction.count / steps, classes = loss.width;
  if (samples * steps != loss.prediction.count || samples == 0)
    throw Error(fmt::format("CTCLoss: expected samples of {} steps, got {} steps", steps, loss.prediction.count));
  if (blank >= classes) throw Error(fmt::format("CTCLoss: blank: expected 0 to {}, got {}", classes - 1, blank));
  thread_local Scratch space;
  const double by = reduction == Reduction::sum || reduction == Reduction::none ? 1
                                                                                : weight_of_rows(samples, loss.weights);
  if (by == 0) return nothing_counts(loss);
  std::fill_n(loss.values.begin(), loss.prediction.count, T(0));
  double total = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const auto silent = static_cast<std::int32_t>(blank);
    space.path.assign(1, silent);
    for (const std::int32_t label : loss.target.labels.subspan(i * steps, steps)) {
      if (label == ignore_index) continue;
      if (label < 0 || static_cast<std::size_t>(label) >= classes || label == silent)
        throw Error(
            fmt::format("CTCLoss: blank: expected labels from 0 to {} other than {}, got {} in sample {} of the batch",
                        classes - 1, blank, label, i));
      space.path.push_back(label);
      space.path.push_back(silent);
    }
    const double weight = loss.weights.empty() ? 1 : static_cast<double>(loss.weights[i]);
    const std::size_t labels = space.path.size() / 2;  // a blank before, between and behind
    const double length = reduction == Reduction::mean ? std::max(1.0, static_cast<double>(labels)) : 1;
    const Rows<T> gradient{loss.gradient ? loss.gradient[i * steps] : nullptr, steps, loss.gradient.stride};
    for (std::size_t t = 0; gradient && t < steps; ++t) std::fill_n(gradient[t], classes, T(0));
    if (weight == 0) continue;
    const double value = weight / length *
                         of_sample(space, Rows<const T>{loss.prediction[i * steps], steps, loss.prediction.stride},
                                   classes, zero_infinity, gradient, weight / (length * by));
    loss.values[i * steps] = static_cast<T>(value);
    total += static_cast<double>(loss.values[i * steps]);
  }
  return total / by;
}

template double ctc(const LossArguments<float>&, std::size_t, std::size_t, bool, Reduction);
template double ctc(const LossArguments<double>&, std::size_t, std::size_t, bool, Reduction);

}  // namespace tenon::detail
