#include <tenon/metrics/frechet.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <tenon/error.hpp>

namespace tenon {

namespace {

/// How many rows these numbers are.
template <class T>
std::size_t rows_of(const char* who, std::span<const T> numbers, std::size_t width, std::size_t least) {
  const std::size_t rows = width == 0 ? 0 : numbers.size() / width;
  if (width == 0 || rows * width != numbers.size() || rows < least)
    throw Error(std::string(who) + ": expected at least " + std::to_string(least) + " whole rows of " +
                std::to_string(width) + " numbers, got " + std::to_string(numbers.size()) + " numbers");
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (!std::isfinite(numbers[i]))
      throw Error(std::string(who) + ": expected finite numbers, got " + std::to_string(numbers[i]) + " in sample " +
                  std::to_string(i / width));
  return rows;
}

template <class T>
Moments moments(std::span<const T> features, std::size_t width) {
  Moments m;
  m.count = rows_of("Moments", features, width, 2);
  m.mean.assign(width, 0);
  m.covariance.assign(width * width, 0);
  for (std::size_t i = 0; i < features.size(); ++i) m.mean[i % width] += static_cast<double>(features[i]);
  for (double& v : m.mean) v /= static_cast<double>(m.count);
  std::vector<double> off(width);
  for (std::size_t n = 0; n < m.count; ++n) {
    for (std::size_t i = 0; i < width; ++i) off[i] = static_cast<double>(features[n * width + i]) - m.mean[i];
    for (std::size_t i = 0; i < width; ++i)
      for (std::size_t j = 0; j <= i; ++j) m.covariance[i * width + j] += off[i] * off[j];
  }
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      m.covariance[j * width + i] = m.covariance[i * width + j] /= static_cast<double>(m.count - 1);
  return m;
}

/// Turns the rows or columns p and q of a matrix into each other; their numbers lie `along` apart.
void rotate(double* p, double* q, std::size_t along, std::size_t n, double c, double s) {
  for (std::size_t i = 0; i < n; ++i) {
    const double x = p[i * along], y = q[i * along];
    p[i * along] = c * x - s * y;
    q[i * along] = s * x + c * y;
  }
}

/// Makes a symmetric matrix diagonal by Jacobi's rotations, each of which makes one number zero (Golub and Van Loan,
/// 8.5). The rows of `vectors`, unless it is empty, become the eigenvectors.
void diagonalize(std::vector<double>& a, std::size_t n, std::vector<double>& vectors) {
  double all = 0;
  for (const double v : a) all += v * v;
  const double tiny = 1e-20 * std::sqrt(all);  // far below what rounding makes of the largest
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < 60; ++sweep) {
    rotated = false;
    for (std::size_t p = 0; p + 1 < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        const double apq = a[p * n + q], app = a[p * n + p], aqq = a[q * n + q];
        if (std::abs(apq) <= tiny || std::abs(apq) <= 1e-17 * std::sqrt(std::abs(app * aqq))) continue;
        const double tau = (aqq - app) / (2 * apq);
        const double t = (tau >= 0 ? 1 : -1) / (std::abs(tau) + std::hypot(1.0, tau));
        const double c = 1 / std::hypot(1.0, t), s = t * c;
        rotate(&a[p * n], &a[q * n], 1, n, c, s);
        rotate(&a[p], &a[q], n, n, c, s);
        if (!vectors.empty()) rotate(&vectors[p * n], &vectors[q * n], 1, n, c, s);
        a[p * n + q] = a[q * n + p] = 0;
        rotated = true;
      }
  }
}

/// The symmetric root of a covariance; what is below zero by rounding counts as zero.
std::vector<double> root(std::vector<double> a, std::size_t n) {
  std::vector<double> vectors(n * n, 0), result(n * n, 0);
  for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  diagonalize(a, n, vectors);
  for (std::size_t k = 0; k < n; ++k) {
    const double lambda = std::sqrt(std::max(0.0, a[k * n + k]));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) result[i * n + j] += lambda * vectors[k * n + i] * vectors[k * n + j];
  }
  return result;
}

std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b, std::size_t n) {
  std::vector<double> result(n * n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t j = 0; j < n; ++j) result[i * n + j] += a[i * n + k] * b[k * n + j];
  return result;
}

double squared_distance(const float* a, const float* b, std::size_t width) {
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i)
    sum += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  return sum;
}

/// The share of `asked` that lies in a ball around one of `known`.
double share_within(std::span<const float> known, std::span<const float> asked, std::size_t width, std::size_t k) {
  const std::size_t n = known.size() / width, m = asked.size() / width;
  std::vector<double> radius(n), distance(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) distance[j] = squared_distance(&known[i * width], &known[j * width], width);
    std::nth_element(distance.begin(), distance.begin() + static_cast<std::ptrdiff_t>(k),
                     distance.end());  // itself is number 0
    radius[i] = distance[k];
  }
  std::size_t within = 0;
  for (std::size_t j = 0; j < m; ++j)
    for (std::size_t i = 0; i < n; ++i)
      if (squared_distance(&known[i * width], &asked[j * width], width) <= radius[i]) {
        ++within;
        break;
      }
  return static_cast<double>(within) / static_cast<double>(m);
}

}  // namespace

Moments Moments::of(std::span<const float> features, std::size_t width) { return moments(features, width); }
Moments Moments::of(std::span<const double> features, std::size_t width) { return moments(features, width); }

double frechet_distance(const Moments& a, const Moments& b) {
  const std::size_t n = a.width();
  if (n != b.width())
    throw Error("frechet_distance: expected features of the same width, got " + std::to_string(n) + " and " +
                std::to_string(b.width()));
  const std::vector<double> half = root(a.covariance, n);
  std::vector<double> between = product(product(half, b.covariance, n), half, n), no_vectors;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j)
      between[i * n + j] = between[j * n + i] = 0.5 * (between[i * n + j] + between[j * n + i]);
  diagonalize(between, n, no_vectors);
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += (a.mean[i] - b.mean[i]) * (a.mean[i] - b.mean[i]) + a.covariance[i * n + i] + b.covariance[i * n + i] -
           2 * std::sqrt(std::max(0.0, between[i * n + i]));
  }
  return std::max(0.0, sum);
}
double frechet_distance(std::span<const float> a, std::span<const float> b, std::size_t width) {
  return frechet_distance(Moments::of(a, width), Moments::of(b, width));
}
double frechet_distance(std::span<const double> a, std::span<const double> b, std::size_t width) {
  return frechet_distance(Moments::of(a, width), Moments::of(b, width));
}

double inception_score(std::span<const float> probabilities, std::size_t classes) {
  const std::size_t rows = rows_of("inception_score", probabilities, classes, 1);
  std::vector<double> mean(classes, 0);
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] < 0 || probabilities[i] > 1.0001F)
      throw Error("inception_score: expected probabilities, from 0 to 1, got " + std::to_string(probabilities[i]) +
                  " for sample " + std::to_string(i / classes));
    mean[i % classes] += static_cast<double>(probabilities[i]) / static_cast<double>(rows);
  }
  double sum = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const auto p = static_cast<double>(probabilities[i]);
    if (p > 0) sum += p * (std::log(p) - std::log(mean[i % classes]));
  }
  return std::exp(sum / static_cast<double>(rows));
}

SampleQuality sample_quality(std::span<const float> real, std::span<const float> generated, std::size_t width,
                             std::size_t k) {
  if (k == 0) throw Error("sample_quality: expected a k of at least 1, got 0");
  rows_of("sample_quality", real, width, k + 1);
  rows_of("sample_quality", generated, width, k + 1);
  return {share_within(real, generated, width, k), share_within(generated, real, width, k)};
}

}  // namespace tenon
