#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <tenon/data/loader.hpp>
#include <tenon/error.hpp>
#include <tenon/generative/noise_schedule.hpp>
#include <tenon/ignore_index.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/inputs.hpp>
#include <tenon/options.hpp>
#include <tenon/report/long_job.hpp>

namespace tenon {

/// How samples are drawn: in how many steps, and by DDIM (eta 0) or with new noise in every step (eta 1: DDPM's
/// ancestral sampling). With labels, each prediction is without + guidance_scale * (with - without), of the network's
/// predictions with the label and without one (Ho and Salimans 2022); a scale of 1 is the prediction with the label.
struct Sampling {
  size_t steps = 50;
  double eta = 0;
  double guidance_scale = 1;
  double clip = 1;       // predicted images are cut to [-clip, clip]; infinity: not
  bool progress = true;  // shown on a terminal where drawing takes more than two seconds

  static constexpr void each_option(auto& o, auto visit) {
    visit("steps", o.steps, at_least(1));
    visit("eta", o.eta, from_to(0, 1));
    visit("guidance_scale", o.guidance_scale, any_number);
    visit("clip", o.clip, above(0).or_infinity());
  }
};

namespace detail {

/// For so many images of so many numbers no label each; an Error where memory cannot hold them.
std::vector<std::int32_t> no_labels(size_t count, size_t numbers);

}  // namespace detail

/// A diffusion model: a network that separates an image of numbers from -1 to 1 from noise. It is given a noisy image,
/// the time t / steps, and maybe the label as one number for each class, all of them 0 where there is no label:
///
///     using Net = Graph<In<"noisy", 1, 8, 8>, In<"time", 1>, In<"label", 10>, ...>;  // gives as many numbers as the image
///     Diffusion diffusion{.schedule = NoiseSchedule::cosine(), .drop_label = 0.1};
///     fit(model, diffusion.columns(images),
///         Fit{.loss = MeanSquaredError{}, .epochs = 100, .callbacks = callbacks(diffusion)});
///     auto drawn = diffusion.sample(model, std::vector{3, 1, 4}, Sampling{.guidance_scale = 2}, seed);
///
/// As a callback of `fit` it draws step and noise of every image, and whose label is dropped. They follow from the
/// run's seed, the epoch and the image alone, so neither threads nor a restart change anything. Validation data are to
/// be `corrupted` once. PyTorch: diffusers' DDPMScheduler, DDIMScheduler.
struct Diffusion {
  NoiseSchedule schedule = NoiseSchedule::cosine();
  Predicts predicts = Predicts::noise;
  double drop_label = 0;  // the share of images whose label is left out, which guidance needs

  static constexpr void each_option(auto& o, auto visit) { visit("drop_label", o.drop_label, from_to(0, 1)); }

  /// The images with the columns that the network is given: "noisy", "time", for data with labels "label", and as
  /// target "prediction". The images are still clean, the rest is 0. Images whose label is `ignore_index` have none.
  template <class T>
  Dataset<T> columns(const Dataset<T>& images) const;
  /// The same, with one step and noise for each image.
  template <class T>
  Dataset<T> corrupted(const Dataset<T>& images, std::uint64_t seed) const;

  void on_train_begin(auto&) const { check_options(*this); }
  template <class T>
  void on_batch(auto& run, Batch<T>& batch) const {
    corrupt<T>(batch.features, batch.targets, batch.columns, batch.indices, run.settings().seed, run.epoch());
  }

  /// An image for each label, one after the other; `ignore_index` asks for any. After each step, and before the first,
  /// calls watch(t, images). The same seed gives the same images whatever their number, up to rounding, as matrix
  /// products of other sizes round otherwise.
  template <class M, class Watch>
  std::vector<typename M::scalar> sample(const M& model, std::span<const std::int32_t> labels, const Sampling& how,
                                         std::uint64_t seed, Watch watch) const;
  template <class M>
  std::vector<typename M::scalar> sample(const M& model, std::span<const std::int32_t> labels, const Sampling& how,
                                         std::uint64_t seed) const {
    return sample(model, labels, how, seed, [](size_t, const auto&) {});
  }
  /// `count` images without a label.
  template <class M>
  std::vector<typename M::scalar> sample(const M& model, size_t count, const Sampling& how, std::uint64_t seed) const {
    const std::vector<std::int32_t> labels = detail::no_labels(count, M::input::size);
    return sample(model, std::span<const std::int32_t>(labels), how, seed);
  }

private:
  template <class T>
  void corrupt(std::span<T> features, std::span<T> targets, std::span<const ColumnInfo> columns,
               std::span<const size_t> indices, std::uint64_t seed, std::uint64_t epoch) const;
};

extern template Dataset<float> Diffusion::columns(const Dataset<float>&) const;
extern template Dataset<double> Diffusion::columns(const Dataset<double>&) const;
extern template Dataset<float> Diffusion::corrupted(const Dataset<float>&, std::uint64_t) const;
extern template Dataset<double> Diffusion::corrupted(const Dataset<double>&, std::uint64_t) const;
extern template void Diffusion::corrupt(std::span<float>, std::span<float>, std::span<const ColumnInfo>,
                                        std::span<const size_t>, std::uint64_t, std::uint64_t) const;
extern template void Diffusion::corrupt(std::span<double>, std::span<double>, std::span<const ColumnInfo>,
                                        std::span<const size_t>, std::uint64_t, std::uint64_t) const;

namespace detail {

/// Standard normal numbers for `count` images, for one step of a sampler.
void sampler_noise(std::span<float> to, size_t count, std::uint64_t seed, std::uint64_t step);
void sampler_noise(std::span<double> to, size_t count, std::uint64_t seed, std::uint64_t step);

}  // namespace detail

template <class M, class Watch>
std::vector<typename M::scalar> Diffusion::sample(const M& model, std::span<const std::int32_t> labels,
                                                  const Sampling& how, std::uint64_t seed, Watch watch) const {
  using T = typename M::scalar;
  using In = typename M::input;
  constexpr size_t inputs = detail::input_count<In>, size = M::output::size;
  static_assert(inputs == 2 ? In::size == size + 1 : inputs == 3 && In::size > size + 1,
                "Diffusion takes a network of a noisy image, a time, and maybe a label, which gives as many numbers as "
                "the image has");
  static_assert(In::sizes[0] == size && In::sizes[1] == 1,
                "Diffusion takes a network of a noisy image, a time, and maybe a label, which gives as many numbers as "
                "the image has");
  constexpr size_t classes = In::size - size - 1;
  check_options(how);
  const size_t count = labels.size();
  bool any_label = false;
  for (const std::int32_t class_label : labels) {
    if (class_label != ignore_index && (class_label < 0 || std::cmp_greater_equal(class_label, classes)))
      throw Error("Diffusion: expected " +
                  (classes == 0 ? "ignore_index, as the network takes no label"
                                : "labels from 0 to " + std::to_string(classes - 1) + ", or ignore_index") +
                  ", got " + std::to_string(class_label));
    any_label = any_label || class_label != ignore_index;
  }
  const std::vector<size_t> times = schedule.timesteps(how.steps);
  std::vector<T> images(count * size), fresh(how.eta > 0 ? count * size : 0), predicted(count * size), unconditional,
      rows(count * In::size);
  const bool guided = any_label && how.guidance_scale != 1;
  if (guided) unconditional.resize(count * size);
  const auto ask = [&](size_t t, bool with_labels, std::span<T> answer) {
    std::fill(rows.begin(), rows.end(), T(0));
    for (size_t i = 0; i < count; ++i) {
      T* const row = rows.data() + i * In::size;
      std::copy_n(images.data() + i * size, size, row);
      row[size] = static_cast<T>(static_cast<double>(t) / static_cast<double>(schedule.steps()));
      if (with_labels && labels[i] != ignore_index) row[size + 1 + static_cast<size_t>(labels[i])] = T(1);
    }
    model.predict(std::span<const T>(rows), answer);
  };
  detail::sampler_noise(std::span<T>(images), count, seed, 0);
  watch(times[0], std::span<const T>(images));
  LongJob job("drawing", how.steps, "steps", how.progress);
  for (size_t k = 0; k < how.steps; ++k) {
    ask(times[k], true, predicted);
    if (guided) {
      ask(times[k], false, unconditional);
      const auto scale = static_cast<T>(how.guidance_scale);
      for (size_t i = 0; i < predicted.size(); ++i)
        predicted[i] = unconditional[i] + scale * (predicted[i] - unconditional[i]);
    }
    if (how.eta > 0) detail::sampler_noise(std::span<T>(fresh), count, seed, k + 1);
    schedule.denoise(predicts, std::span<T>(images), std::span<const T>(predicted), times[k], times[k + 1], how.eta,
                     std::span<const T>(fresh), how.clip);
    watch(times[k + 1], std::span<const T>(images));
    job.update(k + 1);
  }
  job.finish();
  return images;
}

}  // namespace tenon
