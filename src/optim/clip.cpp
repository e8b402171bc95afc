#include <tenon/optim/clip.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <tenon/error.hpp>

namespace tenon {

namespace {

/// In double and in order, so that the result does not depend on the processor.
template <class T>
double norm_of(std::span<T> numbers, double type) {
  double sum = 0;
  if (std::isinf(type)) {
    for (const T v : numbers) sum = std::max(sum, std::abs(static_cast<double>(v)));
    return sum;
  }
  if (type == 2) {
    for (const T v : numbers) sum += static_cast<double>(v) * static_cast<double>(v);
    return std::sqrt(sum);
  }
  for (const T v : numbers) sum += std::pow(std::abs(static_cast<double>(v)), type);
  return std::pow(sum, 1 / type);
}

void expect_positive(const char* who, const char* what, double value) {
  if (!(value > 0)) throw Error(std::string(who) + ": expected a positive " + what + ", got " + std::to_string(value));
}

}  // namespace

template <class T>
double clip_grad_norm(std::span<T> gradients, double max_norm, double norm_type) {
  expect_positive("clip_grad_norm", "max_norm", max_norm);
  expect_positive("clip_grad_norm", "norm_type", norm_type);
  const double norm = norm_of(gradients, norm_type);
  const double factor = max_norm / (norm + 1e-6);
  if (factor < 1)
    for (T& v : gradients) v = static_cast<T>(v * static_cast<T>(factor));
  return norm;
}

template <class T>
void clip_grad_value(std::span<T> gradients, double clip_value) {
  expect_positive("clip_grad_value", "clip_value", clip_value);
  const T limit = static_cast<T>(clip_value);
  for (T& v : gradients) v = std::clamp(v, -limit, limit);
}

template double clip_grad_norm(std::span<float>, double, double);
template double clip_grad_norm(std::span<double>, double, double);
template void clip_grad_value(std::span<float>, double);
template void clip_grad_value(std::span<double>, double);

}  // namespace tenon
