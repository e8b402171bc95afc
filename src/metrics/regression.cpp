#include <tenon/metrics/regression.hpp>

#include <cmath>
#include <limits>

namespace tenon {

namespace {

/// The mean of f(sums of an output) over outputs; NaN before the first sample.
template <class F>
double mean_over_outputs(const detail::ValueSums& sums, F f) {
  if (sums.seen == 0) return std::numeric_limits<double>::quiet_NaN();
  double total = 0;
  for (const auto& o : sums.outputs) total += f(o);
  return total / static_cast<double>(sums.outputs.size());
}

}  // namespace

double MAE::value() const {
  return mean_over_outputs(sums_, [n = static_cast<double>(sums_.seen)](const auto& o) { return o.absolute / n; });
}

double RMSE::value() const {
  return std::sqrt(
      mean_over_outputs(sums_, [n = static_cast<double>(sums_.seen)](const auto& o) { return o.squares / n; }));
}

double R2::value() const {
  return mean_over_outputs(sums_, [n = static_cast<double>(sums_.seen)](const auto& o) {
    const double spread = o.target_squares - o.target * o.target / n;
    if (std::isnan(spread) || std::isnan(o.squares)) return std::numeric_limits<double>::quiet_NaN();
    if (!(spread > 0)) return o.squares == 0 ? 1.0 : 0.0;
    return 1 - o.squares / spread;
  });
}

}  // namespace tenon
