// Tenon's side of the speed bench. With `--native` its own kernels compute the matrix products
// instead of xtensor-blas; with `--frozen` a Session predicts one sample at a time; with `--raw` plain
// loops written for the one network do, the least there is to compute.
#include <tenon/kernels/native_gemm_policy.hpp>
#include <tenon/model/session.hpp>
#include <tenon/tenon.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "support/protocol.hpp"
#include "support/workloads.hpp"

namespace {

using namespace tenon;

using W1 = Sequential<Dense<784, 128>, ReLU, Dense<10>, Softmax>;
using W2 = Sequential<Dense<784, 512>, ReLU, Dense<512>, ReLU, Dense<10>, Softmax>;
using W3 = Sequential<Input<1, 28, 28>, Conv2D<6, 5, padding<2>>, ReLU, MaxPool2D<2>, Conv2D<16, 5>, ReLU, MaxPool2D<2>,
                      Flatten, Dense<120>, ReLU, Dense<84>, ReLU, Dense<10>, Softmax>;
using W4Lstm = Sequential<Input<bench::w4_steps, bench::w4_features>, LSTM<bench::w4_hidden>, Last, Dense<10>, Softmax>;
using W4Gru = Sequential<Input<bench::w4_steps, bench::w4_features>, GRU<bench::w4_hidden>, Last, Dense<10>, Softmax>;
using W5 = Sequential<Input<bench::w5_steps, bench::w5_width>,
                      TransformerEncoderLayer<bench::w5_width, bench::w5_heads, bench::w5_inner>>;
using W6Lstm = Sequential<Input<64, 1>, LSTM<bench::w6_lstm_hidden>, Dense<1>>;
using W6Gru = Sequential<Input<64, 1>, GRU<bench::w6_gru_hidden>, Dense<1>>;
using W6Conv = Sequential<Input<1, 64>, Conv1D<8, 3>, Tanh, Conv1D<8, 3, dilation<2>>, Tanh, Conv1D<8, 3, dilation<4>>,
                          Tanh, Conv1D<1, 1>>;
using W6Small = Sequential<Dense<8, 32>, Tanh, Dense<32>, Tanh, Dense<1>>;

using W8Vae = Graph<In<"image", 784>, Node<"seen", Sequential<Dense<bench::w8_hidden>, ReLU>, "image">,
                    Node<"mean", Dense<bench::w8_code>, "seen">, Node<"log_variance", Dense<bench::w8_code>, "seen">,
                    Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                    Node<"decoder", Sequential<Dense<bench::w8_hidden>, ReLU, Dense<784>, Sigmoid>, "code">,
                    Out<"decoder", "mean", "log_variance">>;
constexpr auto divergence = -0.5 * sum(1 + in<"log_variance"> - square(in<"mean">) - exp(in<"log_variance">));
const auto negative_elbo = on<"decoder", "features">(BinaryCrossEntropy{.reduction = Reduction::batchmean}) +
                           FormulaLoss<divergence>{};
template <std::size_t Channels>
using W8Block = Sequential<Conv2D<Channels, 3, padding<1>>, ReLU>;
using W8UNet = Graph<
    In<"image", 1, 28, 28>, Node<"outer", W8Block<16>, "image">, Node<"inner", Sequential<MaxPool2D<2>, W8Block<32>>>,
    Node<"bottom", Sequential<MaxPool2D<2>, W8Block<32>, Upsample<2>>>, Node<"inner_skip", Concat<>, "inner", "bottom">,
    Node<"inner_up", Sequential<W8Block<32>, Upsample<2>>>, Node<"outer_skip", Concat<>, "outer", "inner_up">,
    Node<"outer_up", Sequential<W8Block<16>, Conv2D<1, 1>>>, Out<"outer_up">>;

template <class M>
void take_weights(M& model, const bench::Setup& setup) {
  std::size_t weights = 0, biases = 0;  // of recurrent layers, all weights come first
  model.for_each_parameter([&](std::string_view name, std::span<float> values) {
    const bool is_bias = name.find("bias") != name.npos;
    const bench::Layer& layer = setup.layers[is_bias ? biases++ : weights++];
    const std::vector<float>& from = is_bias ? layer.bias : layer.weight;
    std::copy(from.begin(), from.end(), values.begin());
  });
}

template <class Net, class Gemm, class O, class L = CrossEntropy<>>
bench::Workload training(bench::Setup&& from, O optimizer, L loss = {}) {
  using M = Model<Net, float, Gemm>;
  struct State {
    State(bench::Setup&& s, O o, L l)
        : setup(std::move(s)),
          trainer(model, l, o, setup.batch_size),
          described({setup.inputs}, std::vector<float>(setup.inputs)) {
      take_weights(model, setup);
      for (const bench::Batch& batch : setup.batches) labels.emplace_back(batch.labels.begin(), batch.labels.end());
    }
    Batch<float> batch(std::size_t index) {
      Batch<float> batch;
      batch.features = setup.batches[index].inputs;
      if (target_kind_of<L> == TargetKind::values) batch.targets = setup.batches[index].targets;
      else batch.labels = labels[index];
      batch.count = setup.batch_size;
      if (trainer.terms > 1) batch.columns = described.columns();
      return batch;
    }
    bench::Setup setup;
    M model;
    Trainer<M, L, O> trainer;
    Dataset<float> described;  // what a batch of several losses consists of
    std::vector<std::vector<std::int32_t>> labels;
  };
  auto state = std::make_shared<State>(std::move(from), optimizer, loss);
  auto run = [state, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) {
      const Batch<float> batch = state->batch(next);
      state->trainer.zero_grad();
      state->trainer.forward(batch);
      state->trainer.loss();
      state->trainer.backward();
      state->trainer.step();
    }
  };
  auto mean_loss = [state] {
    double sum = 0;
    for (std::size_t i = 0; i < bench::rotating_batches; ++i) {
      state->trainer.forward(state->batch(i));
      sum += state->trainer.loss();
    }
    return sum / bench::rotating_batches;
  };
  return {run, mean_loss};
}

template <class Net, class Gemm>
bench::Workload inference(bench::Setup&& from) {
  using M = Model<Net, float, Gemm>;
  struct State {
    explicit State(bench::Setup&& s) : setup(std::move(s)), outputs(setup.batch_size * M::output::size) {
      take_weights(model, setup);
    }
    bench::Setup setup;
    M model;
    std::vector<float> outputs;
  };
  auto state = std::make_shared<State>(std::move(from));
  auto run = [state, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches)
      state->model.predict(std::span<const float>(state->setup.batches[next].inputs), std::span<float>(state->outputs));
  };
  auto value = [state] {
    state->model.predict(std::span<const float>(state->setup.batches[0].inputs), std::span<float>(state->outputs));
    return bench::mean_square(state->outputs.data(), state->outputs.size());
  };
  return {run, value};
}

template <class Net>
struct OneSample {
  explicit OneSample(const Model<Net>& model) : net(model) {}
  void operator()(const float* x, float* y) {
    net(std::span<const float, input_shape<Net>::size>(x, input_shape<Net>::size),
        std::span<float, output_shape<Net>::size>(y, output_shape<Net>::size));
  }
  Session<Model<Net>> net;
};

template <class Net>
struct OneStep {
  explicit OneStep(const Model<Net>& model) : net(model) {}
  void reset() { net.reset(); }
  void operator()(const float* x, float* y) { net.step(std::span<const float, 1>(x, 1), std::span<float, 1>(y, 1)); }
  Session<Model<Net>, session::Stepped> net;
};

/// A network's parameters, matrices of `inputs` columns transposed; of convolutions tap by tap.
template <class Net>
std::vector<std::vector<float>> transposed(const Model<Net>& model, std::size_t taps = 1) {
  std::vector<std::vector<float>> all;
  model.for_each_parameter([&](std::string_view name, std::span<const float> values) {
    const bool matrix = name.find("weight") != name.npos;
    const ParameterEntry& entry = parameter_table<Net>[all.size()];
    const std::size_t out = entry.dims[0], in = values.size() / out,
                      t = matrix && entry.rank == 3 ? entry.dims[2] : taps;
    auto& to = all.emplace_back(values.begin(), values.end());
    for (std::size_t o = 0; matrix && o < out; ++o)
      for (std::size_t i = 0; i < in; ++i) to[(i % t * (in / t) + i / t) * out + o] = values[o * in + i];
  });
  return all;
}
template <std::size_t In, std::size_t Out>
inline void add_product(const float* w, const float* x, float* y) {
  for (std::size_t i = 0; i < In; ++i)
#pragma omp simd
    for (std::size_t o = 0; o < Out; ++o) y[o] += w[i * Out + o] * x[i];
}

struct RawLstm {
  static constexpr std::size_t n = bench::w6_lstm_hidden;
  std::vector<std::vector<float>> w;
  float h[n]{}, c[n]{};

  explicit RawLstm(const Model<W6Lstm>& model) : w(transposed(model)) {}
  void reset() { std::fill_n(h, n, 0.0f), std::fill_n(c, n, 0.0f); }
  void operator()(const float* x, float* y) {
    float z[4 * n];
    for (std::size_t i = 0; i < 4 * n; ++i) z[i] = w[2][i] + w[3][i];
    add_product<1, 4 * n>(w[0].data(), x, z);
    add_product<n, 4 * n>(w[1].data(), h, z);
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      c[j] = math::sigmoid(z[n + j]) * c[j] + math::sigmoid(z[j]) * math::tanh(z[2 * n + j]);
      h[j] = math::sigmoid(z[3 * n + j]) * math::tanh(c[j]);
    }
    *y = w[5][0];
    for (std::size_t j = 0; j < n; ++j) *y += w[4][j] * h[j];
  }
};

struct RawGru {
  static constexpr std::size_t n = bench::w6_gru_hidden;
  std::vector<std::vector<float>> w;
  float h[n]{};

  explicit RawGru(const Model<W6Gru>& model) : w(transposed(model)) {}
  void reset() { std::fill_n(h, n, 0.0f); }
  void operator()(const float* x, float* y) {
    float z[3 * n], r[3 * n];
    for (std::size_t i = 0; i < 3 * n; ++i) z[i] = w[2][i], r[i] = w[3][i];
    add_product<1, 3 * n>(w[0].data(), x, z);
    add_product<n, 3 * n>(w[1].data(), h, r);
#pragma omp simd
    for (std::size_t j = 0; j < n; ++j) {
      const float update = math::sigmoid(z[n + j] + r[n + j]);
      const float candidate = math::tanh(z[2 * n + j] + math::sigmoid(z[j] + r[j]) * r[2 * n + j]);
      h[j] = (1 - update) * candidate + update * h[j];
    }
    *y = w[5][0];
    for (std::size_t j = 0; j < n; ++j) *y += w[4][j] * h[j];
  }
};

/// Each layer keeps its last inputs, oldest first.
struct RawConv {
  std::vector<std::vector<float>> w;
  float first[3]{}, second[5][8]{}, third[9][8]{};

  explicit RawConv(const Model<W6Conv>& model) : w(transposed(model)) {}
  void reset() { std::fill_n(first, 3, 0.0f), std::fill_n(second[0], 40, 0.0f), std::fill_n(third[0], 72, 0.0f); }
  void operator()(const float* x, float* y) {
    first[0] = first[1], first[1] = first[2], first[2] = *x;
    std::copy(second[1], second[1] + 32, second[0]);
    std::copy(third[1], third[1] + 64, third[0]);
    float a[8];
    const auto start = [&](const std::vector<float>& bias) { std::copy_n(bias.data(), 8, a); };
    const auto end = [&](float* to) {
#pragma omp simd
      for (std::size_t o = 0; o < 8; ++o) to[o] = math::tanh(a[o]);
    };
    start(w[1]);
    add_product<3, 8>(w[0].data(), first, a);
    end(second[4]);
    start(w[3]);
    for (std::size_t k = 0; k < 3; ++k) add_product<8, 8>(w[2].data() + 64 * k, second[2 * k], a);
    end(third[8]);
    start(w[5]);
    for (std::size_t k = 0; k < 3; ++k) add_product<8, 8>(w[4].data() + 64 * k, third[4 * k], a);
    end(a);
    *y = w[7][0];
    for (std::size_t c = 0; c < 8; ++c) *y += w[6][c] * a[c];
  }
};

/// y = activation(W x + b) for a fixed net of dense layers, W transposed.
template <class Net, std::size_t... Sizes>
struct RawLoops {
  static constexpr std::size_t sizes[] = {Sizes...};
  static constexpr std::size_t layers = sizeof...(Sizes) - 1;
  std::vector<std::vector<float>> weight, bias;

  explicit RawLoops(const Model<Net>& model) {
    model.for_each_parameter([&](std::string_view, std::span<const float> values) {
      if (weight.size() == bias.size()) {
        const std::size_t in = sizes[weight.size()], out = values.size() / in;
        auto& w = weight.emplace_back(values.size());
        for (std::size_t i = 0; i < in; ++i)
          for (std::size_t o = 0; o < out; ++o) w[i * out + o] = values[o * in + i];
      } else {
        bias.emplace_back(values.begin(), values.end());
      }
    });
  }
  template <std::size_t L>
  void layer(const float* x, float* y) const {
    constexpr std::size_t in = sizes[L], out = sizes[L + 1];
    const float* w = weight[L].data();
    for (std::size_t o = 0; o < out; ++o) y[o] = bias[L][o];
    for (std::size_t i = 0; i < in; ++i)
#pragma omp simd
      for (std::size_t o = 0; o < out; ++o) y[o] += w[i * out + o] * x[i];
    if constexpr (L + 1 < layers) {
#pragma omp simd
      for (std::size_t o = 0; o < out; ++o) {
        if constexpr (sizes[0] == 8) y[o] = math::tanh(y[o]);
        else y[o] = y[o] > 0 ? y[o] : 0;
      }
    }
  }
  void operator()(const float* x, float* y) const {
    float a[128], b[128];
    layer<0>(x, a);
    if constexpr (layers == 2) {
      layer<1>(a, y);
    } else {
      layer<1>(a, b);
      layer<2>(b, y);
    }
  }
};

/// A batch, sample by sample.
template <class Net, class Predict>
bench::Workload one_by_one(bench::Setup&& from) {
  constexpr std::size_t out = output_shape<Net>::size;
  struct State {
    explicit State(bench::Setup&& s)
        : setup(std::move(s)), model(weights()), predict(model), outputs(setup.batch_size * out) {}
    Model<Net> weights() const {
      Model<Net> made;
      take_weights(made, setup);
      return made;
    }
    void run(std::size_t batch) {
      for (std::size_t i = 0; i < setup.batch_size; ++i)
        predict(setup.batches[batch].inputs.data() + i * input_shape<Net>::size, outputs.data() + i * out);
    }
    bench::Setup setup;
    Model<Net> model;
    Predict predict;
    std::vector<float> outputs;
  };
  auto state = std::make_shared<State>(std::move(from));
  auto run = [state, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) state->run(next);
  };
  auto value = [state] {
    state->run(0);
    return bench::mean_square(state->outputs.data(), state->outputs.size());
  };
  return {run, value};
}

/// Steps of one sequence.
template <class Net, class Predict>
bench::Workload step_by_step(bench::Setup&& from) {
  struct State {
    explicit State(bench::Setup&& s) : setup(std::move(s)), predict(weights()) {}
    Model<Net> weights() const {
      Model<Net> made;
      take_weights(made, setup);
      return made;
    }
    bench::Setup setup;
    Predict predict;
    float output = 0;
  };
  auto state = std::make_shared<State>(std::move(from));
  auto run = [state, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches)
      state->predict(state->setup.batches[next].inputs.data(), &state->output);
  };
  auto value = [state] {
    state->predict.reset();
    double sum = 0;
    for (std::size_t step = 0; step < 40; ++step) {
      state->predict(state->setup.batches[step % bench::rotating_batches].inputs.data(), &state->output);
      sum += static_cast<double>(state->output) * static_cast<double>(state->output);
    }
    return sum / 40;
  };
  return {run, value};
}

template <template <class> class Large, template <class> class Small, class Lstm, class Gru, class Conv>
bench::Workloads single_samples() {
  using Net = without_last<W1>;
  return {
      {"W6-LSTM",
       [](std::size_t batch) {
         return step_by_step<W6Lstm, Lstm>(bench::w6_recurrent_setup(4, bench::w6_lstm_hidden, batch));
       }},
      {"W6-GRU",
       [](std::size_t batch) {
         return step_by_step<W6Gru, Gru>(bench::w6_recurrent_setup(3, bench::w6_gru_hidden, batch));
       }},
      {"W6-Conv", [](std::size_t batch) { return step_by_step<W6Conv, Conv>(bench::w6_conv_setup(batch)); }},
      {"W6-784", [](std::size_t batch) { return one_by_one<Net, Large<Net>>(bench::w1_setup(batch)); }},
      {"W6-8", [](std::size_t batch) { return one_by_one<W6Small, Small<W6Small>>(bench::w6_small_setup(batch)); }}};
}
template <class Net>
using RawLarge = RawLoops<Net, 784, 128, 10>;
template <class Net>
using RawSmall = RawLoops<Net, 8, 32, 32, 1>;

template <class Gemm>
bench::Workloads workloads() {
  return {
      {"W1",
       [](std::size_t batch) { return training<W1, Gemm>(bench::w1_setup(batch), SGD{.lr = 0.01, .momentum = 0.9}); }},
      {"W2", [](std::size_t batch) { return training<W2, Gemm>(bench::w2_setup(batch), Adam{.lr = 1e-3}); }},
      {"W3", [](std::size_t batch) { return training<W3, Gemm>(bench::w3_setup(batch), Adam{.lr = 1e-3}); }},
      {"W4-LSTM",
       [](std::size_t batch) { return training<W4Lstm, Gemm>(bench::w4_setup(4, batch), Adam{.lr = 1e-3}); }},
      {"W4-GRU", [](std::size_t batch) { return training<W4Gru, Gemm>(bench::w4_setup(3, batch), Adam{.lr = 1e-3}); }},
      {"W5",
       [](std::size_t batch) {
         return training<W5, Gemm>(bench::w5_setup(batch), Adam{.lr = 1e-3}, MeanSquaredError{});
       }},
      {"W8-VAE",
       [](std::size_t batch) {
         return training<W8Vae, Gemm>(bench::w8_vae_setup(batch), Adam{.lr = 1e-3}, negative_elbo);
       }},
      {"W8-UNet",
       [](std::size_t batch) {
         return training<W8UNet, Gemm>(bench::w8_unet_setup(batch), Adam{.lr = 1e-3}, MeanSquaredError{});
       }},
      {"W6-LeNet", [](std::size_t batch) { return inference<without_last<W3>, Gemm>(bench::w3_setup(batch)); }},
      {"W6-784", [](std::size_t batch) { return inference<without_last<W1>, Gemm>(bench::w1_setup(batch)); }},
      {"W6-8", [](std::size_t batch) { return inference<W6Small, Gemm>(bench::w6_small_setup(batch)); }},
      {"W7", [](std::size_t batch) { return inference<without_last<W2>, Gemm>(bench::w2_setup(batch)); }}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc > 1 ? argv[1] : "";
  if (how == "--frozen")
    return bench::serve("tenon, Session",
                        single_samples<OneSample, OneSample, OneStep<W6Lstm>, OneStep<W6Gru>, OneStep<W6Conv>>());
  if (how == "--raw")
    return bench::serve("plain loops for the one network",
                        single_samples<RawLarge, RawSmall, RawLstm, RawGru, RawConv>());
  const bool native = argc > 1 && std::string_view(argv[1]) == "--native";
  const std::string products = native ? "own kernels, " + std::string(kernels::native_gemm_target())
                                      : "xtensor-blas, " + bench::blas_core();
  return bench::serve("tenon, " + products, native ? workloads<NativeGemm>() : workloads<BlasGemm>());
}
