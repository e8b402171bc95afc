#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <tenon/error.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/model/model.hpp>
#include <tenon/networks/tangent.hpp>
#include <tenon/optim/sgd.hpp>
#include <tenon/options.hpp>
#include <tenon/train/trainer.hpp>

namespace tenon {

/// Penalties on the gradient of a network's only output by its input, for the critics of generative adversarial
/// networks. Each adds to the gradients of the trainer, between `backward` and `step`, and returns the penalty:
///
///     GradientPenalty smooth{critic, 64};          // the model, and the largest batch
///     trainer.backward();
///     smooth.add(trainer, between, 10);            // WGAN-GP: 10 (|g| - 1)^2 (Gulrajani et al. 2017)
///     smooth.add_squared(trainer, real, 0.5 * 10); // R1: 10 / 2 |g|^2 at true samples (Mescheder et al. 2018)
///     trainer.step();
///
/// averaged over the samples. With v = d penalty / d g, the gradient of the penalty by the parameters is that of g . v
/// with v held fixed, and g . v is the output of Tangent<Net> (networks/tangent.hpp): exact second derivatives, in two
/// forward and two backward passes. Layers that Tangent has no rule for do not compile. PyTorch:
/// autograd.grad(create_graph=True).
template <class M>
class GradientPenalty {
  using Net = typename M::network;
  using T = typename M::scalar;
  using Along = Model<typename detail::tangent<Net>::type, T, typename M::gemm>;  // of Tangent<Net>: errors are shorter
  static constexpr size_t inputs = M::input::size;
  static_assert(M::output::size == 1, "GradientPenalty takes a network with one output number");
  static constexpr bool same_parameters = [] {
    bool alike = workspace<Net>.buffer_size == 0 && parameter_table<Net>.size() == parameter_table<Tangent<Net>>.size();
    for (size_t i = 0; alike && i < parameter_table<Net>.size(); ++i)
      alike = parameter_table<Net>[i].offset == parameter_table<Tangent<Net>>[i].offset &&
              parameter_table<Net>[i].size == parameter_table<Tangent<Net>>[i].size;
    return alike;
  }();
  static_assert(!runs_as<along_a_direction, Net> || same_parameters,
                "GradientPenalty takes a network without frozen parameters and running statistics");

public:
  /// Takes memory for batches of up to `batch_size`. Of the input only the first `numbers` are differentiated by, if
  /// any are given: those of an image that has its label behind it.
  GradientPenalty(M& model, size_t batch_size, size_t numbers = inputs)
      : along_(typename Along::Borrowed{model.parameters().data(), model.buffers().data()}),
        first_(model, {}, {}, batch_size),
        second_(along_, {}, {}, batch_size),
        numbers_(numbers),
        ones_(batch_size, T(1)),
        rows_(batch_size * 2 * inputs),
        slopes_(batch_size) {
    if (numbers == 0 || numbers > inputs)
      throw Error("GradientPenalty: expected 1 to " + std::to_string(inputs) + " numbers of the input, got " +
                  std::to_string(numbers));
    first_.want_input_gradient();
  }

  /// weight * mean of (|g| - norm)^2.
  template <class Trainer>
  double add(Trainer& trainer, std::span<const T> samples, double weight, double norm = 1) {
    detail::OptionCheck{"GradientPenalty"}("norm", norm, at_least(0));
    return run(trainer, samples, weight,
               [norm](double length) { return std::pair((length - norm) * (length - norm), 2 * (length - norm)); });
  }
  /// weight * mean of |g|^2.
  template <class Trainer>
  double add_squared(Trainer& trainer, std::span<const T> samples, double weight) {
    return run(trainer, samples, weight, [](double length) { return std::pair(length * length, 2 * length); });
  }

private:
  /// `of` gives the penalty of a length and its derivative.
  template <class Trainer, class F>
  double run(Trainer& trainer, std::span<const T> samples, double weight, F of) {
    static_assert(std::is_same_v<typename Trainer::network, Net>,
                  "GradientPenalty adds to the trainer of its own model");
    detail::OptionCheck{"GradientPenalty"}("weight", weight, any_number);
    first_.zero_grad();
    const size_t count = first_.forward(samples).count;
    first_.backward(std::span<const T>(ones_.data(), count));
    const Rows<const T> gradient = first_.input_gradient();
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
      const T* const g = gradient[i];
      double square = 0;
      for (size_t j = 0; j < numbers_; ++j) square += static_cast<double>(g[j]) * static_cast<double>(g[j]);
      const double length = std::sqrt(square);
      const auto [value, slope] = of(length);
      sum += value;
      T* const row = rows_.data() + 2 * inputs * i;
      std::copy_n(samples.data() + i * inputs, inputs, row);
      std::fill_n(row + inputs, inputs, T(0));
      // a direction of length 1 keeps the digits of x + v; where there is no gradient there is no direction
      for (size_t j = 0; length > 0 && j < numbers_; ++j)
        row[inputs + j] = static_cast<T>(static_cast<double>(g[j]) / length);
      slopes_[i] = static_cast<T>(weight * slope / static_cast<double>(count));
    }
    second_.zero_grad();
    second_.forward(std::span<const T>(rows_.data(), count * 2 * inputs));
    second_.backward(std::span<const T>(slopes_.data(), count));
    const std::span<T> to = trainer.gradients();
    const std::span<const T> from = second_.gradients();
    for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    return weight * sum / static_cast<double>(count);
  }

  Along along_;
  Trainer<M, MeanSquaredError, SGD> first_;  // its loss is never asked for
  Trainer<Along, MeanSquaredError, SGD> second_;
  size_t numbers_;
  std::vector<T> ones_, rows_, slopes_;
};

}  // namespace tenon
