#pragma once

// What every side computes: the same networks, the same initial weights, the same batches.
//
//   W1      train 784-128-ReLU-10, softmax cross-entropy, SGD 0.01, momentum 0.9
//   W2      train 784-512-512-10 (ReLU), softmax cross-entropy, Adam 1e-3
//   W3      train LeNet: images of 28 x 28, convolution 6 @ 5x5 (2 zeros around), ReLU, max pool 2,
//           convolution 16 @ 5x5, ReLU, max pool 2, 400-120-84-10 (ReLU), softmax cross-entropy, Adam 1e-3
//   W4-LSTM, W4-GRU  train sequences of 50 steps of 32 numbers, hidden size 128, dense 128-10 on the last state,
//           softmax cross-entropy, Adam 1e-3
//   W5      train a pre-norm transformer encoder block: 64 steps of width 128, 4 heads, feed-forward 512 with ReLU;
//           mean squared error, Adam 1e-3
//   W6-784  infer 784-128-ReLU-10 (logits)
//   W6-8    infer 8-32-32-1, tanh after the hidden layers
//   W6-LSTM, W6-GRU  infer a step of a sequence of numbers: LSTM with 20, GRU with 8 hidden units, dense to 1
//   W6-Conv  infer a sample of a signal: convolutions 1-8-8-8 of 3 taps, dilations 1, 2, 4, tanh behind each, then 8-1
//           of one tap
//   W6-LeNet  infer the network of W3 (logits)
//   W8-VAE  train a variational autoencoder 784-400-20-400-784 (ReLU): cross-entropy of the pixels plus divergence of
//           the code, Adam 1e-3; each side draws noise of its own
//   W8-UNet train a U-Net on images of 28 x 28: convolutions of 3 x 3 with ReLU, 16, 32 and 32 channels with max pools
//           between them, up again beside what is skipped to 32 and 16, 1 @ 1x1; mean squared error, Adam 1e-3
//   W7      infer 784-512-512-10 (ReLU, logits)
//
// A training step is: zero gradients, forward, loss, backward, update, on the next of the rotating
// batches. An inference step is one forward pass of the next batch.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace bench {

inline constexpr std::size_t rotating_batches = 8;

struct Layer {
  std::size_t in, out;
  std::vector<float> weight;  // (out, in), row-major, as PyTorch keeps it; `in` of a convolution is its window
  std::vector<float> bias;    // (out)
};

struct Batch {
  std::vector<float> inputs;         // (size, features), row-major
  std::vector<std::int64_t> labels;  // (size), each below the number of outputs
  std::vector<float> targets{};      // of W5, (size, features)
};

struct Setup {
  std::vector<Layer> layers;
  std::vector<Batch> batches;
  std::size_t batch_size;
  std::size_t inputs;  // numbers of a sample

  std::size_t features() const { return inputs; }
  std::size_t outputs() const { return layers.back().out; }
};

inline float uniform(std::mt19937& random, float low, float high) {
  return low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
}

// The layers' (in, out). Inputs in [-1, 1) keep every hidden unit alive, so no side is slowed down by
// moments that decay into denormals.
inline Setup make_setup(const std::vector<std::pair<std::size_t, std::size_t>>& sizes, std::size_t inputs,
                        std::size_t batch_size) {
  std::mt19937 random{1};
  Setup setup{{}, {}, batch_size, inputs};
  for (const auto& [in, out] : sizes) {
    Layer layer{in, out, std::vector<float>(in * out), std::vector<float>(out)};
    const float bound = 1.0f / std::sqrt(static_cast<float>(layer.in));
    for (float& value : layer.weight) value = uniform(random, -bound, bound);
    for (float& value : layer.bias) value = uniform(random, -bound, bound);
    setup.layers.push_back(std::move(layer));
  }
  for (std::size_t i = 0; i < rotating_batches; ++i) {
    Batch batch{std::vector<float>(batch_size * setup.features()), std::vector<std::int64_t>(batch_size)};
    for (float& value : batch.inputs) value = uniform(random, -1.0f, 1.0f);
    for (std::int64_t& label : batch.labels) label = static_cast<std::int64_t>(random() % setup.outputs());
    setup.batches.push_back(std::move(batch));
  }
  return setup;
}

// A perceptron's widths from the input to the output.
inline Setup make_setup(const std::vector<std::size_t>& widths, std::size_t batch_size) {
  std::vector<std::pair<std::size_t, std::size_t>> sizes;
  for (std::size_t i = 1; i < widths.size(); ++i) sizes.emplace_back(widths[i - 1], widths[i]);
  return make_setup(sizes, widths.front(), batch_size);
}

inline Setup w1_setup(std::size_t batch_size) { return make_setup({784, 128, 10}, batch_size); }
inline Setup w2_setup(std::size_t batch_size) { return make_setup({784, 512, 512, 10}, batch_size); }
inline Setup w3_setup(std::size_t batch_size) {
  return make_setup({{1 * 5 * 5, 6}, {6 * 5 * 5, 16}, {400, 120}, {120, 84}, {84, 10}}, 28 * 28, batch_size);
}
// Layers: the weights of the input with their bias, those of the state with theirs, the dense layer.
inline constexpr std::size_t w4_steps = 50, w4_features = 32, w4_hidden = 128;
inline Setup w4_setup(std::size_t gates, std::size_t batch_size) {
  return make_setup({{w4_features, gates * w4_hidden}, {w4_hidden, gates * w4_hidden}, {w4_hidden, 10}},
                    w4_steps * w4_features, batch_size);
}
// Layers: the first normalisation, the projections to queries, keys and values and from the heads, the second
// normalisation, the two dense layers.
inline constexpr std::size_t w5_steps = 64, w5_width = 128, w5_heads = 4, w5_inner = 512;
inline Setup w5_setup(std::size_t batch_size) {
  Setup setup = make_setup({{1, w5_width},
                            {w5_width, 3 * w5_width},
                            {w5_width, w5_width},
                            {1, w5_width},
                            {w5_width, w5_inner},
                            {w5_inner, w5_width}},
                           w5_steps * w5_width, batch_size);
  std::mt19937 random{2};
  for (Batch& batch : setup.batches) {
    batch.targets.resize(batch.inputs.size());
    for (float& value : batch.targets) value = uniform(random, -1.0f, 1.0f);
  }
  return setup;
}
// Layers: to the hidden units, to mean and log-variance, from the code, to the pixels.
inline constexpr std::size_t w8_hidden = 400, w8_code = 20;
inline Setup w8_vae_setup(std::size_t batch_size) {
  Setup setup = make_setup(
      {{784, w8_hidden}, {w8_hidden, w8_code}, {w8_hidden, w8_code}, {w8_code, w8_hidden}, {w8_hidden, 784}}, 784,
      batch_size);
  for (Batch& batch : setup.batches)
    for (float& value : batch.inputs) value = (value + 1) / 2;
  return setup;
}
inline Setup w8_unet_setup(std::size_t batch_size) {
  Setup setup = make_setup({{9, 16}, {16 * 9, 32}, {32 * 9, 32}, {64 * 9, 32}, {48 * 9, 16}, {16, 1}}, 784, batch_size);
  std::mt19937 random{2};
  for (Batch& batch : setup.batches) {
    batch.targets.resize(batch.inputs.size());
    for (float& value : batch.targets) value = uniform(random, -1.0f, 1.0f);
  }
  return setup;
}
inline Setup w6_small_setup(std::size_t batch_size) { return make_setup({8, 32, 32, 1}, batch_size); }

inline constexpr std::size_t w6_lstm_hidden = 20, w6_gru_hidden = 8, w6_conv_channels = 8, w6_conv_taps = 3;
inline Setup w6_recurrent_setup(std::size_t gates, std::size_t hidden, std::size_t batch_size) {
  return make_setup({{1, gates * hidden}, {hidden, gates * hidden}, {hidden, 1}}, 1, batch_size);
}
inline Setup w6_conv_setup(std::size_t batch_size) {
  return make_setup({{w6_conv_taps, 8}, {8 * w6_conv_taps, 8}, {8 * w6_conv_taps, 8}, {8, 1}}, 1, batch_size);
}

inline double mean_square(const float* values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  return sum / static_cast<double>(count);
}

}  // namespace bench
