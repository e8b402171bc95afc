#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace tenon {

/// What a network predicts from a noisy image: its noise, the image, the velocity signal * noise - level * image
/// (Salimans and Ho 2022), or the flow noise - image. diffusers: prediction_type epsilon, sample, v_prediction.
enum class Predicts { noise, image, velocity, flow };

/// How an image becomes noise in `steps` steps: at step t, from 0 (the image) to `steps`,
///     noisy = signal(t) * image + level(t) * noise,
/// the noise being standard normal and images from -1 to 1.
///
/// `linear` and `cosine` keep signal^2 + level^2 = 1 (Ho et al. 2020; Nichol and Dhariwal 2021); signal(t)^2 is the
/// product of all 1 - beta up to t, PyTorch's alphas_cumprod. `flow` goes straight from one to the other (Liu et al.
/// 2022; Lipman et al. 2023): signal 1 - t / steps, level t / steps.
class NoiseSchedule {
public:
  /// Betas that rise evenly from the first to the last. For other than 1000 steps both are usually multiplied by
  /// 1000 / steps.
  static NoiseSchedule linear(size_t steps = 1000, double from = 1e-4, double to = 0.02);
  /// signal^2 falls like cos^2, but no beta is above 0.999.
  static NoiseSchedule cosine(size_t steps = 1000, double offset = 0.008);
  static NoiseSchedule flow(size_t steps = 1000);
  /// One beta for each step; an Error unless all are above 0 and below 1.
  static NoiseSchedule from_betas(std::span<const double> betas);

  size_t steps() const noexcept { return signal_.size() - 1; }
  /// These, and all below, throw an Error for a step beyond `steps()`.
  double signal(size_t t) const { return signal_[step(t)]; }
  double level(size_t t) const { return level_[step(t)]; }
  double alphas_cumprod(size_t t) const { return signal(t) * signal(t); }
  /// Whether signal^2 + level^2 is 1.
  bool preserves_variance() const noexcept { return preserves_; }

  /// The image at step t. All spans are equally long, or an Error says so.
  template <class T>
  void add_noise(std::span<const T> image, std::span<const T> noise, size_t t, std::span<T> noisy) const;
  /// What a network should predict there.
  template <class T>
  void target(Predicts predicts, std::span<const T> image, std::span<const T> noise, size_t t, std::span<T> to) const;

  /// One step from noise to image, from step t to `to` below it, in place (Song et al. 2021, equation 12):
  ///     noisy' = signal(to) * image + sqrt(level(to)^2 - s^2) * noise + s * fresh,
  ///     s = eta * level(to) / level(t) * sqrt(1 - signal(t)^2 / signal(to)^2).
  /// The predicted image is cut to [-clip, clip], and the noise is what is left of the noisy one without it. eta 0 is
  /// DDIM, for which `fresh` may be empty (of a flow it is Euler's step); eta 1 with to = t - 1 is the ancestral step
  /// of DDPM. An Error where eta is above 0 and the schedule a flow, or where the steps are not t > to.
  template <class T>
  void denoise(Predicts predicts, std::span<T> noisy, std::span<const T> prediction, size_t t, size_t to,
               double eta = 0, std::span<const T> fresh = {}, double clip = 1) const;

  /// The steps of a sampler that takes `count` of them: count + 1 numbers from `steps` down to 0, as even as they can
  /// be.
  std::vector<size_t> timesteps(size_t count) const;

private:
  NoiseSchedule(std::vector<double> signal, std::vector<double> level, bool preserves)
      : signal_(std::move(signal)), level_(std::move(level)), preserves_(preserves) {}

  size_t step(size_t t) const {
    if (t >= signal_.size()) refuse(t);
    return t;
  }
  [[noreturn]] void refuse(size_t t) const;

  std::vector<double> signal_, level_;
  bool preserves_ = true;
};

}  // namespace tenon
