#include <tenon/losses/info_nce.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::detail {

template <class T>
double info_nce(const OutputArguments<T, 2>& of, double temperature, Reduction reduction) {
  const std::size_t width = of.width;
  const double by = divisor(reduction, weight_of_rows(of.count, of.weights), weight_of_rows(of.count, of.weights));
  for (T* g : of.gradient)
    if (g) std::fill_n(g, width * of.count, T(0));
  if (by == 0) {
    std::fill_n(of.values.begin(), of.count, T(0));
    return 0;
  }
  const auto score = [&](std::size_t i, std::size_t j) {
    const T *a = of.outputs[0][i], *b = of.outputs[1][j];
    double sum = 0;
    for (std::size_t k = 0; k < width; ++k) sum += static_cast<double>(a[k]) * static_cast<double>(b[k]);
    return sum / temperature;
  };
  double total = 0;
  for (std::size_t i = 0; i < of.count; ++i) {
    const double weight = of.weights.empty() ? 1 : static_cast<double>(of.weights[i]);
    double most = -std::numeric_limits<double>::infinity(), sum = 0;  // of exp(score - most)
    for (std::size_t j = 0; j < of.count; ++j) {
      const double s = score(i, j);
      if (s > most) sum = sum * std::exp(most - s) + 1, most = s;
      else sum += std::exp(s - most);
    }
    const double normal = most + std::log(sum);
    const double value = weight == 0 ? 0 : weight * (normal - score(i, i));
    of.values[i] = static_cast<T>(value);
    total += static_cast<double>(of.values[i]);
    if (!of.gradient[0] || weight == 0) continue;
    for (std::size_t j = 0; j < of.count; ++j) {
      const double slope = weight / (by * temperature) * (std::exp(score(i, j) - normal) - (i == j ? 1 : 0));
      T *da = of.gradient[0] + i * width, *db = of.gradient[1] + j * width;
      const T *a = of.outputs[0][i], *b = of.outputs[1][j];
      for (std::size_t k = 0; k < width; ++k) {
        da[k] += static_cast<T>(slope * static_cast<double>(b[k]));
        db[k] += static_cast<T>(slope * static_cast<double>(a[k]));
      }
    }
  }
  return total / by;
}

template double info_nce(const OutputArguments<float, 2>&, double, Reduction);
template double info_nce(const OutputArguments<double, 2>&, double, Reduction);

}  // namespace tenon::detail
