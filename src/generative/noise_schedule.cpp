#include <tenon/generative/noise_schedule.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include <fmt/format.h>

#include <tenon/error.hpp>

namespace tenon {

namespace {

void check_steps(std::size_t steps) {
  if (steps < 1 || steps > 1'000'000)
    throw Error("NoiseSchedule: expected from 1 to 1000000 steps, got " + std::to_string(steps));
}

void check_sizes(std::size_t image, std::size_t noise, std::size_t result) {
  if (image == result && noise == result) return;
  throw Error("NoiseSchedule: expected as many numbers of image, noise and result, got " + std::to_string(image) +
              ", " + std::to_string(noise) + " and " + std::to_string(result));
}

/// What a prediction is made of: a * image + b * noise.
struct Mixture {
  double image, noise;
};
Mixture mixture_of(Predicts predicts, double signal, double level) {
  switch (predicts) {
  case Predicts::noise:
    return {0, 1};
  case Predicts::image:
    return {1, 0};
  case Predicts::velocity:
    return {-level, signal};
  default:
    return {-1, 1};
  }
}

}  // namespace

void NoiseSchedule::refuse(std::size_t t) const {
  throw Error("NoiseSchedule: expected a step from 0 to " + std::to_string(steps()) + ", got " + std::to_string(t));
}

NoiseSchedule NoiseSchedule::from_betas(std::span<const double> betas) {
  check_steps(betas.size());
  std::vector<double> signal{1}, level{0};
  double product = 1;
  for (std::size_t t = 0; t < betas.size(); ++t) {
    if (!(betas[t] > 0 && betas[t] < 1))
      throw Error(fmt::format("NoiseSchedule: expected betas above 0 and below 1, got {} at step {}", betas[t], t + 1));
    product *= 1 - betas[t];
    signal.push_back(std::sqrt(product));
    level.push_back(std::sqrt(1 - product));
  }
  return {std::move(signal), std::move(level), true};
}

NoiseSchedule NoiseSchedule::linear(std::size_t steps, double from, double to) {
  check_steps(steps);
  std::vector<double> betas(steps, from);
  for (std::size_t t = 1; t < steps; ++t)
    betas[t] = from + (to - from) * (static_cast<double>(t) / static_cast<double>(steps - 1));
  return from_betas(betas);
}

NoiseSchedule NoiseSchedule::cosine(std::size_t steps, double offset) {
  check_steps(steps);
  if (!(offset > 0 && std::isfinite(offset)))
    throw Error("NoiseSchedule: expected a finite offset above 0, got " + std::to_string(offset));
  const auto kept = [&](std::size_t t) {
    const double angle = (static_cast<double>(t) / static_cast<double>(steps) + offset) / (1 + offset) *
                         std::numbers::pi / 2;
    return std::cos(angle) * std::cos(angle);
  };
  std::vector<double> betas;
  for (std::size_t t = 1; t <= steps; ++t) {
    betas.push_back(std::min(1 - kept(t) / kept(t - 1), 0.999));
    if (!(betas.back() > 0))
      throw Error(fmt::format("NoiseSchedule: expected an offset that leaves noise in every step, got {}", offset));
  }
  return from_betas(betas);
}

NoiseSchedule NoiseSchedule::flow(std::size_t steps) {
  check_steps(steps);
  std::vector<double> signal, level;
  for (std::size_t t = 0; t <= steps; ++t) {
    level.push_back(static_cast<double>(t) / static_cast<double>(steps));
    signal.push_back(1 - level.back());
  }
  return {std::move(signal), std::move(level), false};
}

template <class T>
void NoiseSchedule::add_noise(std::span<const T> image, std::span<const T> noise, std::size_t t,
                              std::span<T> noisy) const {
  check_sizes(image.size(), noise.size(), noisy.size());
  const auto a = static_cast<T>(signal(t)), b = static_cast<T>(level(t));
  for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] = a * image[i] + b * noise[i];
}

template <class T>
void NoiseSchedule::target(Predicts predicts, std::span<const T> image, std::span<const T> noise, std::size_t t,
                           std::span<T> to) const {
  check_sizes(image.size(), noise.size(), to.size());
  const Mixture m = mixture_of(predicts, signal(t), level(t));
  const auto a = static_cast<T>(m.image), b = static_cast<T>(m.noise);
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = a * image[i] + b * noise[i];
}

/// Image and noise follow from two equations, x = signal * image + level * noise and y = a * image + b * noise.
template <class T>
void NoiseSchedule::denoise(Predicts predicts, std::span<T> noisy, std::span<const T> prediction, std::size_t t,
                            std::size_t to, double eta, std::span<const T> fresh, double clip) const {
  if (t > steps() || to >= t)
    throw Error("NoiseSchedule: expected to go from a step up to " + std::to_string(steps()) +
                " to one below it, got from " + std::to_string(t) + " to " + std::to_string(to));
  if (!(eta >= 0 && eta <= 1)) throw Error("NoiseSchedule: expected eta from 0 to 1, got " + std::to_string(eta));
  if (!(clip > 0)) throw Error("NoiseSchedule: expected clip above 0, got " + std::to_string(clip));
  if (eta > 0 && !preserves_) throw Error("NoiseSchedule: expected eta 0 with a flow, got " + std::to_string(eta));
  if (prediction.size() != noisy.size() || (eta > 0 && fresh.size() != noisy.size()))
    throw Error("NoiseSchedule: expected " + std::to_string(noisy.size()) + " numbers of prediction" +
                (eta > 0 ? " and fresh noise" : "") + ", got " + std::to_string(prediction.size()) +
                (eta > 0 ? " and " + std::to_string(fresh.size()) : ""));
  const double ratio = signal_[t] / signal_[to];
  const double s = eta * level_[to] / level_[t] * std::sqrt(std::max(0.0, 1 - ratio * ratio));
  const double kept = std::sqrt(std::max(0.0, level_[to] * level_[to] - s * s));
  const Mixture m = mixture_of(predicts, signal_[t], level_[t]);
  const double determinant = signal_[t] * m.noise - level_[t] * m.image;
  for (std::size_t i = 0; i < noisy.size(); ++i) {
    const auto x = static_cast<double>(noisy[i]);
    // where there is no signal, noise that is known says nothing of the image: it begins in the middle
    const double image = determinant == 0
                             ? 0
                             : (x * m.noise - static_cast<double>(prediction[i]) * level_[t]) / determinant;
    const double cut = std::clamp(image, -clip, clip);
    const double noise = (x - signal_[t] * cut) / level_[t];
    noisy[i] = static_cast<T>(signal_[to] * cut + kept * noise + (s > 0 ? s * static_cast<double>(fresh[i]) : 0));
  }
}

std::vector<std::size_t> NoiseSchedule::timesteps(std::size_t count) const {
  if (count < 1 || count > steps())
    throw Error("NoiseSchedule: expected a sampler of 1 to " + std::to_string(steps()) + " steps, got " +
                std::to_string(count));
  std::vector<std::size_t> result;
  for (std::size_t k = 0; k <= count; ++k) result.push_back((steps() * (count - k) + count / 2) / count);
  return result;
}

template void NoiseSchedule::add_noise(std::span<const float>, std::span<const float>, std::size_t,
                                       std::span<float>) const;
template void NoiseSchedule::add_noise(std::span<const double>, std::span<const double>, std::size_t,
                                       std::span<double>) const;
template void NoiseSchedule::target(Predicts, std::span<const float>, std::span<const float>, std::size_t,
                                    std::span<float>) const;
template void NoiseSchedule::target(Predicts, std::span<const double>, std::span<const double>, std::size_t,
                                    std::span<double>) const;
template void NoiseSchedule::denoise(Predicts, std::span<float>, std::span<const float>, std::size_t, std::size_t,
                                     double, std::span<const float>, double) const;
template void NoiseSchedule::denoise(Predicts, std::span<double>, std::span<const double>, std::size_t, std::size_t,
                                     double, std::span<const double>, double) const;

}  // namespace tenon
