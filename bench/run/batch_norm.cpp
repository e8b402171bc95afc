// Batch normalisation and ReLU, forward and backward, as formulas against loops written by hand, for
// images of 64 x 16 x 14 x 14 and vectors of 256 x 128.
//
// The loops by hand take three passes forward (mean, variance, result) and two backward, channel by
// channel, so that the data of a channel stay in cache from pass to pass. Both are timed in turns.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <tenon/kernels/dispatch.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/net/networks.hpp>

#include "support/ratios.hpp"

namespace {

using namespace tenon;

using BatchNorm = Map<(x - running<"running_mean">(batch_mean(x))) /
                          sqrt(running<"running_var", Ones>(batch_variance(x), unbiased) + 1e-5) *
                          param<"weight", PerFeature, Ones> +
                      param<"bias", PerFeature>>;

struct Context {
  bool overwrite_gradients = true;
  std::size_t first_sample = 0;
  Stream stream(std::uint32_t) const { return Stream{1}; }
};

std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
  Stream stream{seed};
  std::vector<float> v(count);
  for (float& n : v) n = static_cast<float>(stream.uniform(-2.0, 2.0));
  return v;
}

struct Data {
  std::size_t count, features, pixels;
  std::vector<float> x = numbers(count * features * pixels, 1), y = x, dy = numbers(x.size(), 2), dx = x;
  std::vector<float> weight = numbers(features, 3), bias = numbers(features, 4), d_weight = weight, d_bias = bias;
  std::vector<float> mean = bias, variance = weight, saved_mean = bias, saved_scale = bias;
};

/// Images: the inner loop runs over the pixels of a channel.
TENON_INLINE void images_forward(Data* d) {
  const std::size_t n = d->pixels, stride = d->features * n;
  const float total = static_cast<float>(d->count * n);
  for (std::size_t c = 0; c < d->features; ++c) {
    float sum = 0;
    for (std::size_t s = 0; s < d->count; ++s) {
      const float* x = d->x.data() + s * stride + c * n;
      float row = 0;
#pragma omp simd reduction(+ : row)
      for (std::size_t j = 0; j < n; ++j) row += x[j];
      sum += row;
    }
    const float mean = sum / total;
    float squares = 0;
    for (std::size_t s = 0; s < d->count; ++s) {
      const float* x = d->x.data() + s * stride + c * n;
      float row = 0;
#pragma omp simd reduction(+ : row)
      for (std::size_t j = 0; j < n; ++j) row += (x[j] - mean) * (x[j] - mean);
      squares += row;
    }
    const float scale = 1 / std::sqrt(squares / total + 1e-5f), factor = scale * d->weight[c], shift = d->bias[c];
    d->mean[c] = 0.9f * d->mean[c] + 0.1f * mean;
    d->variance[c] = 0.9f * d->variance[c] + 0.1f * squares / (total - 1);
    d->saved_mean[c] = mean;
    d->saved_scale[c] = scale;
    for (std::size_t s = 0; s < d->count; ++s) {
      const float* x = d->x.data() + s * stride + c * n;
      float* y = d->y.data() + s * stride + c * n;
#pragma omp simd
      for (std::size_t j = 0; j < n; ++j) {
        const float v = (x[j] - mean) * factor + shift;
        y[j] = v > 0 ? v : 0;
      }
    }
  }
}
TENON_INLINE void images_backward(Data* d) {
  const std::size_t n = d->pixels, stride = d->features * n;
  const float total = static_cast<float>(d->count * n);
  for (std::size_t c = 0; c < d->features; ++c) {
    const float mean = d->saved_mean[c], scale = d->saved_scale[c];
    float sum = 0, product = 0;
    for (std::size_t s = 0; s < d->count; ++s) {
      const std::size_t at = s * stride + c * n;
      const float *x = d->x.data() + at, *y = d->y.data() + at, *dy = d->dy.data() + at;
      float row = 0, row_product = 0;
#pragma omp simd reduction(+ : row, row_product)
      for (std::size_t j = 0; j < n; ++j) {
        const float g = y[j] > 0 ? dy[j] : 0;
        row += g;
        row_product += g * (x[j] - mean);
      }
      sum += row;
      product += row_product;
    }
    d->d_bias[c] = sum;
    d->d_weight[c] = product * scale;
    const float factor = scale * d->weight[c], a = sum / total, b = product / total * scale * scale;
    for (std::size_t s = 0; s < d->count; ++s) {
      const std::size_t at = s * stride + c * n;
      const float *x = d->x.data() + at, *y = d->y.data() + at, *dy = d->dy.data() + at;
      float* dx = d->dx.data() + at;
#pragma omp simd
      for (std::size_t j = 0; j < n; ++j) dx[j] = ((y[j] > 0 ? dy[j] : 0) - a - (x[j] - mean) * b) * factor;
    }
  }
}

/// Vectors: the inner loop runs over the features, with one number of each kind per feature.
TENON_INLINE void vectors_forward(Data* d) {
  const std::size_t n = d->features;
  const float total = static_cast<float>(d->count);
  float *mean = d->saved_mean.data(), *scale = d->saved_scale.data(), *running = d->mean.data(),
        *running_square = d->variance.data();
  const float *weight = d->weight.data(), *bias = d->bias.data();
  std::fill_n(mean, n, 0.0f);
  std::fill_n(scale, n, 0.0f);
  for (std::size_t s = 0; s < d->count; ++s) {
    const float* x = d->x.data() + s * n;
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) mean[j] += x[j];
  }
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) mean[j] /= total;
  for (std::size_t s = 0; s < d->count; ++s) {
    const float* x = d->x.data() + s * n;
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) scale[j] += (x[j] - mean[j]) * (x[j] - mean[j]);
  }
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) {
    running[j] = 0.9f * running[j] + 0.1f * mean[j];
    running_square[j] = 0.9f * running_square[j] + 0.1f * scale[j] / (total - 1);
    scale[j] = 1 / std::sqrt(scale[j] / total + 1e-5f);
  }
  for (std::size_t s = 0; s < d->count; ++s) {
    const float* x = d->x.data() + s * n;
    float* y = d->y.data() + s * n;
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      const float v = (x[j] - mean[j]) * (scale[j] * weight[j]) + bias[j];
      y[j] = v > 0 ? v : 0;
    }
  }
}
TENON_INLINE void vectors_backward(Data* d) {
  const std::size_t n = d->features;
  const float total = static_cast<float>(d->count);
  const float *mean = d->saved_mean.data(), *scale = d->saved_scale.data(), *weight = d->weight.data();
  float *sum = d->d_bias.data(), *product = d->d_weight.data();
  std::fill_n(sum, n, 0.0f);
  std::fill_n(product, n, 0.0f);
  for (std::size_t s = 0; s < d->count; ++s) {
    const float *x = d->x.data() + s * n, *y = d->y.data() + s * n, *dy = d->dy.data() + s * n;
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      const float g = y[j] > 0 ? dy[j] : 0;
      sum[j] += g;
      product[j] += g * (x[j] - mean[j]);
    }
  }
#pragma omp simd
  for (std::size_t j = 0; j < n; ++j) product[j] *= scale[j];
  for (std::size_t s = 0; s < d->count; ++s) {
    const float *x = d->x.data() + s * n, *y = d->y.data() + s * n, *dy = d->dy.data() + s * n;
    float* dx = d->dx.data() + s * n;
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j)
      dx[j] = ((y[j] > 0 ? dy[j] : 0) - sum[j] / total - (x[j] - mean[j]) * (product[j] * scale[j] / total)) *
              (scale[j] * weight[j]);
  }
}

template <class Net>
struct Formula {
  using Bound = bound_network<Net>;
  static constexpr Needs needs = workspace<Net>.needs;
  Data* d;
  std::vector<float> parameters, gradients, buffers, saved, saved_fixed, scratch, scratch_fixed;

  explicit Formula(Data& data)
      : d(&data),
        parameters(workspace<Net>.trainable_size),
        gradients(parameters.size()),
        buffers(workspace<Net>.buffer_size),
        saved(needs.saved.sample * d->count),
        saved_fixed(needs.saved.fixed),
        scratch(std::max(needs.forward.sample, needs.backward.sample) * d->count),
        scratch_fixed(std::max(needs.forward.fixed, needs.backward.fixed)) {
    std::copy(d->weight.begin(), d->weight.end(), parameters.begin());
    std::copy(d->bias.begin(), d->bias.end(), parameters.begin() + static_cast<std::ptrdiff_t>(aligned(d->features)));
  }
  Memory<float> memory() {
    return {.parameters = {parameters.data(), gradients.data(), buffers.data(), buffers.data()},
            .workspace = {saved.data(), saved_fixed.data(), scratch.data(), scratch_fixed.data()}};
  }
  void forward() {
    Context context;
    const std::size_t size = Bound::input::size;
    Bound::forward(context, memory(), Rows<const float>{d->x.data(), d->count, size},
                   Rows<float>{d->y.data(), d->count, size}, Training{});
  }
  void backward() {
    Context context;
    const std::size_t size = Bound::input::size;
    Bound::backward(context, memory(), Rows<const float>{d->x.data(), d->count, size},
                    Rows<const float>{d->y.data(), d->count, size}, Rows<const float>{d->dy.data(), d->count, size},
                    Rows<float>{d->dx.data(), d->count, size});
  }
};

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, static_cast<double>(std::abs(a[i] - b[i])));
  return worst;
}

template <class Net, class Forward, class Backward>
void compare(bench::Ratios& table, const std::string& name, Data by_formula, double seconds, Forward hand_forward,
             Backward hand_backward) {
  Data by_hand = by_formula;
  Formula<Net> formula{by_formula};
  table.heading(name);
  table.add(bench::compare(
      "forward", 1.25, seconds, [&] { formula.forward(); }, [&] { kernels::dispatch(hand_forward, &by_hand); }));
  table.add(bench::compare(
      "backward", 1.25, seconds, [&] { formula.backward(); }, [&] { kernels::dispatch(hand_backward, &by_hand); }));
  // a result that rounds to either side of 0 has one gradient or the other: compare behind the same y
  const double y_difference = difference(by_formula.y, by_hand.y);
  by_hand.y = by_formula.y;
  kernels::dispatch(hand_backward, &by_hand);
  if (y_difference > 1e-4 || difference(by_formula.dx, by_hand.dx) > 1e-4)
    throw std::runtime_error(name + ": the formula and the loops by hand do not compute the same");
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Batch normalisation and ReLU as formulas against loops written by hand"};
  std::string json_file;
  double seconds = 1;
  app.add_option("--json", json_file, "also write the results here");
  app.add_option("--seconds", seconds, "for each row")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);

  using Images = Sequential<tenon::Input<16, 14, 14>, BatchNorm, ReLU>;
  using Vectors = Sequential<tenon::Input<128>, BatchNorm, ReLU>;
  using Large = Sequential<tenon::Input<32, 56, 56>, BatchNorm, ReLU>;
  const auto images_f = [](Data* d) TENON_INLINE_LAMBDA { images_forward(d); };
  const auto images_b = [](Data* d) TENON_INLINE_LAMBDA { images_backward(d); };
  const auto vectors_f = [](Data* d) TENON_INLINE_LAMBDA { vectors_forward(d); };
  const auto vectors_b = [](Data* d) TENON_INLINE_LAMBDA { vectors_backward(d); };
  bench::Ratios table{"formula", "by hand"};
  compare<Images>(table, "64 x 16 x 14 x 14", {64, 16, 196}, seconds, images_f, images_b);
  compare<Large>(table, "16 x 32 x 56 x 56", {16, 32, 3136}, seconds, images_f, images_b);
  compare<Vectors>(table, "256 x 128", {256, 128, 1}, seconds, vectors_f, vectors_b);
  table.write(json_file);
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_batch_norm: %s\n", error.what());
  return 1;
}
