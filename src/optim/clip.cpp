#include <tenon/optim/clip.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include <tenon/error.hpp>
#include <tenon/optim/norm_blocks.hpp>

#include "scaled_norm.hpp"

namespace tenon {

namespace detail {

namespace {

/// Every eighth number is added up by itself, in order, so that the result does not depend on the processor.
template <class T, class F>
double sum_of(std::span<const T> numbers, F of_number) {
  std::array<double, 8> sums{};
  const std::size_t whole = numbers.size() / sums.size() * sums.size();
  for (std::size_t i = 0; i < whole; i += sums.size())
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += of_number(static_cast<double>(numbers[i + k]));
  for (std::size_t i = whole; i < numbers.size(); ++i) sums[i - whole] += of_number(static_cast<double>(numbers[i]));
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

template <class T>
double norm_sum(std::span<const T> numbers, double type, double scale = 1) {
  if (type == 2) return sum_of(numbers, [](double v) { return v * v; });
  if (!std::isinf(type)) return sum_of(numbers, [=](double v) { return std::pow(std::abs(v) / scale, type); });
  double most = 0;
  for (const T v : numbers) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// A norm, from what each block of the numbers has in it.
struct Norm {
  double type;
  double total = 0;

  void add(double of_block) { total = std::isinf(type) ? std::max(total, of_block) : total + of_block; }
  double value() const {
    if (std::isinf(type)) return total;
    return type == 2 ? std::sqrt(total) : std::pow(total, 1 / type);
  }
};

/// Calls f(block) for one block after the other.
template <class T, class F>
void each_block(std::span<const T> numbers, F f) {
  for (std::size_t first = 0; first < numbers.size(); first += norm_block)
    f(numbers.subspan(first, std::min(norm_block, numbers.size() - first)));
}

}  // namespace

template <class T>
void sum_norm_blocks(std::span<const T> numbers, double type, double* of_blocks) {
  each_block(numbers, [&](std::span<const T> block) { *of_blocks++ = norm_sum(block, type); });
}

template <class T>
void sum_scaled_blocks(std::span<const T> numbers, double type, double scale, double* of_blocks) {
  each_block(numbers, [&](std::span<const T> block) { *of_blocks++ = norm_sum(block, type, scale); });
}

double norm_of_blocks(std::span<const double> of_blocks, double type) {
  Norm norm{type};
  for (const double block : of_blocks) norm.add(block);
  return norm.value();
}

template void sum_norm_blocks(std::span<const float>, double, double*);
template void sum_norm_blocks(std::span<const double>, double, double*);
template void sum_scaled_blocks(std::span<const float>, double, double, double*);
template void sum_scaled_blocks(std::span<const double>, double, double, double*);

}  // namespace detail

namespace {

void expect_positive(const char* who, const char* what, double value) {
  if (!(value > 0)) throw Error(std::string(who) + ": expected a positive " + what + ", got " + std::to_string(value));
}

}  // namespace

namespace detail {

void expect_norm(double max_norm, double norm_type) {
  expect_positive("clip_grad_norm", "max_norm", max_norm);
  expect_positive("clip_grad_norm", "norm_type", norm_type);
}

template <class T>
void scale_to_norm(std::span<T> gradients, double norm, double max_norm) {
  const double factor = max_norm / (norm + 1e-6);
  if (factor < 1)
    for (T& v : gradients) v = static_cast<T>(v * static_cast<T>(factor));
}

template void scale_to_norm(std::span<float>, double, double);
template void scale_to_norm(std::span<double>, double, double);

}  // namespace detail

template <class T>
double clip_grad_norm(std::span<T> gradients, double max_norm, double norm_type) {
  detail::expect_norm(max_norm, norm_type);
  const std::span<const T> numbers(gradients);
  const double scale = detail::is_scaled_norm(norm_type)
                           ? detail::norm_scale(detail::norm_sum(numbers, std::numeric_limits<double>::infinity()))
                           : 1;
  detail::Norm sums{norm_type};
  detail::each_block(numbers, [&](std::span<const T> block) { sums.add(detail::norm_sum(block, norm_type, scale)); });
  const double norm = scale * sums.value();
  detail::scale_to_norm(gradients, norm, max_norm);
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
