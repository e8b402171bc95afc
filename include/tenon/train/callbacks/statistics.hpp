#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/options.hpp>

namespace tenon {

/// After every epoch, of each parameter: mean and root mean square of its numbers, and the root mean square of its last
/// gradient. A gradient that fades from layer to layer, or weights that grow without end, are seen here first.
/// PyTorch: none. Keras: none.
///
///     LayerStatistics layers;
///     fit(model, data, Fit{.callbacks = callbacks(layers)});
///     std::puts(layers.text().c_str());
struct LayerStatistics {
  struct Row {
    std::string name{};
    double mean = 0, rms = 0, gradient_rms = 0;
  };
  std::vector<std::vector<Row>> epochs{};

  void on_epoch_end(auto& run) {
    begin_epoch();
    run.trainer().for_each_parameter([&](std::string_view name, auto values, auto gradient) {
      double sum = 0, square = 0, gradient_square = 0;
      for (const auto v : values)
        sum += static_cast<double>(v), square += static_cast<double>(v) * static_cast<double>(v);
      for (const auto g : gradient) gradient_square += static_cast<double>(g) * static_cast<double>(g);
      add(name, values.size(), sum, square, gradient_square);
    });
  }
  /// The last epoch as a table.
  std::string text() const;

private:
  void begin_epoch();
  void add(std::string_view name, size_t count, double sum, double square, double gradient_square);
};

/// How noisy gradients are: the batch size above which larger ones help little (McCandlish et al. 2018, "simple noise
/// scale"), trace(S) / |G|^2, with S the covariance of one sample's gradient and G the mean gradient. Both follow from
/// the squared lengths of gradients of a step, of b samples, and of the mean of `steps` steps, of B = b steps:
///     |G|^2 = (B |g_B|^2 - b |g_b|^2) / (B - b),   trace(S) = (|g_b|^2 - |g_B|^2) / (1 / b - 1 / B),
/// as if the weights stood still for so long. Numbers are averaged over an epoch; gradients are as they are before the
/// step, so leave out clipping. Keeps one copy of the gradients. PyTorch: none. Keras: none.
///
///     GradientNoise noise;
///     fit(model, data, Fit{.batch_size = 16, .callbacks = callbacks(noise)});
///     noise.scale();     // of the last epoch
struct GradientNoise {
  size_t steps = 8;
  std::vector<double> epochs{};  // the noise scale of each; NaN where no window of so many steps was complete

  static constexpr void each_option(auto& o, auto visit) { visit("steps", o.steps, at_least(2)); }
  void on_epoch_begin(auto&) { start_epoch(); }
  void on_gradients(auto& run) {
    const auto gradients = run.trainer().gradients();
    double* const sum = sum_of(gradients.size());
    double square = 0;
    for (size_t i = 0; i < gradients.size(); ++i) {
      const auto g = static_cast<double>(gradients[i]);
      sum[i] += g;
      square += g * g;
    }
    add(square, run.settings().batch_size * run.settings().accumulate);
  }
  void on_epoch_end(auto&) { end_epoch(); }
  double scale() const;

  /// What has been added up in this epoch, and in this window of it.
  struct Sums {
    std::vector<double> gradient{};
    double squares = 0, trace = 0, length = 0;
    size_t in_window = 0, windows = 0;
  };
  Sums sums{};

private:
  void start_epoch();
  void add(double square, size_t samples);
  void end_epoch();
  double* sum_of(size_t count);
};

}  // namespace tenon
