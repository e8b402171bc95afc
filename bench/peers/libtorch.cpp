// libtorch at its fastest: modules called directly, in-place ReLU, gradients dropped instead of
// zeroed, InferenceMode (a frozen or optimised TorchScript module is slower). With --keep-heap,
// malloc gives no memory back: otherwise the large tensors of each step are fresh pages.

#include <malloc.h>
#include <torch/torch.h>

#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/protocol.hpp"
#include "support/workloads.hpp"

namespace {

using torch::Tensor;

enum class Activation { relu, tanh };

struct Mlp : torch::nn::Module {
  Mlp(const bench::Setup& setup, Activation function) : activation(function) {
    torch::NoGradGuard no_grad;
    for (const bench::Layer& layer : setup.layers) {
      const auto in = static_cast<long>(layer.in), out = static_cast<long>(layer.out);
      auto linear = register_module(std::to_string(layers.size()), torch::nn::Linear(in, out));
      linear->weight.copy_(torch::tensor(layer.weight).view({out, in}));
      linear->bias.copy_(torch::tensor(layer.bias));
      layers.push_back(linear);
    }
  }

  Tensor forward(Tensor x) {
    for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
      x = layers[i]->forward(x);
      activation == Activation::relu ? x.relu_() : x.tanh_();
    }
    return layers.back()->forward(x);
  }

  std::vector<torch::nn::Linear> layers;
  Activation activation;
};

struct LeNet : torch::nn::Module {
  LeNet(const bench::Setup& setup, Activation) {
    register_module("first", first);
    register_module("second", second);
    torch::NoGradGuard no_grad;
    const auto take = [&](auto& module, std::size_t index, std::vector<long> shape) {
      module->weight.copy_(torch::tensor(setup.layers[index].weight).view(shape));
      module->bias.copy_(torch::tensor(setup.layers[index].bias));
    };
    take(first, 0, {6, 1, 5, 5});
    take(second, 1, {16, 6, 5, 5});
    for (std::size_t i = 0; i < 3; ++i) {
      register_module("dense" + std::to_string(i), dense[i]);
      take(dense[i], 2 + i, {static_cast<long>(setup.layers[2 + i].out), static_cast<long>(setup.layers[2 + i].in)});
    }
  }

  Tensor forward(Tensor x) {
    x = torch::max_pool2d(first->forward(x).relu_(), 2);
    x = torch::max_pool2d(second->forward(x).relu_(), 2).flatten(1);
    return dense[2]->forward(dense[1]->forward(dense[0]->forward(x).relu_()).relu_());
  }

  torch::nn::Conv2d first{torch::nn::Conv2dOptions(1, 6, 5).padding(2)}, second{torch::nn::Conv2dOptions(6, 16, 5)};
  torch::nn::Linear dense[3]{torch::nn::Linear(400, 120), torch::nn::Linear(120, 84), torch::nn::Linear(84, 10)};
};

template <class Core>
struct Recurrent : torch::nn::Module {
  Recurrent(const bench::Setup& setup, Activation) {
    register_module("layer", layer);
    register_module("dense", dense);
    torch::NoGradGuard no_grad;
    const auto take = [&](Tensor parameter, const std::vector<float>& from) {
      parameter.copy_(torch::tensor(from).view(parameter.sizes()));
    };
    take(layer->named_parameters()["weight_ih_l0"], setup.layers[0].weight);
    take(layer->named_parameters()["weight_hh_l0"], setup.layers[1].weight);
    take(layer->named_parameters()["bias_ih_l0"], setup.layers[0].bias);
    take(layer->named_parameters()["bias_hh_l0"], setup.layers[1].bias);
    take(dense->weight, setup.layers[2].weight);
    take(dense->bias, setup.layers[2].bias);
  }

  Tensor forward(Tensor x) { return dense->forward(std::get<0>(layer->forward(x)).select(0, -1)); }

  // Steps outermost, as these layers want it by default.
  Core layer{bench::w4_features, bench::w4_hidden};
  torch::nn::Linear dense{bench::w4_hidden, 10};
};
template <class Net>
inline constexpr bool is_recurrent = false;
template <class Core>
inline constexpr bool is_recurrent<Recurrent<Core>> = true;

struct Block : torch::nn::Module {
  Block(const bench::Setup& setup, Activation) {
    register_module("layer", layer);
    torch::NoGradGuard no_grad;
    const std::vector<std::string> names{"norm1.", "self_attn.in_proj_", "self_attn.out_proj.",
                                         "norm2.", "linear1.",           "linear2."};
    auto parameters = layer->named_parameters();
    for (std::size_t i = 0; i < names.size(); ++i)
      for (const bool bias : {false, true}) {
        Tensor parameter = parameters[names[i] + (bias ? "bias" : "weight")];
        parameter.copy_(torch::tensor(bias ? setup.layers[i].bias : setup.layers[i].weight).view(parameter.sizes()));
      }
  }

  // pre-norm, by the modules of the layer; steps outermost, as attention wants it
  Tensor forward(const Tensor& x) {
    const Tensor a = layer->norm1(x);
    const Tensor y = x + std::get<0>(layer->self_attn->forward(a, a, a, Tensor(), false));
    return y + layer->linear2(layer->linear1(layer->norm2(y)).relu_());
  }

  torch::nn::TransformerEncoderLayer layer{torch::nn::TransformerEncoderLayerOptions(bench::w5_width, bench::w5_heads)
                                               .dim_feedforward(bench::w5_inner)
                                               .dropout(0)};
};

struct Vae : torch::nn::Module {
  Vae(const bench::Setup& setup, Activation) {
    torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < 5; ++i) {
      const auto in = static_cast<long>(setup.layers[i].in), out = static_cast<long>(setup.layers[i].out);
      dense[i] = register_module(std::to_string(i), torch::nn::Linear(in, out));
      dense[i]->weight.copy_(torch::tensor(setup.layers[i].weight).view({out, in}));
      dense[i]->bias.copy_(torch::tensor(setup.layers[i].bias));
    }
  }
  // the negative ELBO
  Tensor loss(const Tensor& x) {
    const Tensor seen = dense[0]->forward(x).relu_(), mean = dense[1]->forward(seen),
                 log_variance = dense[2]->forward(seen);
    const Tensor code = mean + (log_variance * 0.5).exp_() * torch::randn_like(mean);
    const Tensor logits = dense[4]->forward(dense[3]->forward(code).relu_());
    const Tensor divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum();
    return (torch::binary_cross_entropy_with_logits(logits, x, {}, {}, at::Reduction::Sum) + divergence) / x.size(0);
  }
  torch::nn::Linear dense[5]{nullptr, nullptr, nullptr, nullptr, nullptr};
};

struct UNet : torch::nn::Module {
  UNet(const bench::Setup& setup, Activation) {
    torch::NoGradGuard no_grad;
    const long from[] = {1, 16, 32, 64, 48, 16};
    for (std::size_t i = 0; i < 6; ++i) {
      const long out = static_cast<long>(setup.layers[i].out), size = i == 5 ? 1 : 3;
      conv[i] = register_module(std::to_string(i),
                                torch::nn::Conv2d(torch::nn::Conv2dOptions(from[i], out, size).padding(size / 2)));
      conv[i]->weight.copy_(torch::tensor(setup.layers[i].weight).view(conv[i]->weight.sizes()));
      conv[i]->bias.copy_(torch::tensor(setup.layers[i].bias));
    }
  }
  Tensor block(std::size_t i, const Tensor& x) { return conv[i]->forward(x).relu_(); }
  static Tensor larger(const Tensor& x) { return torch::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}); }

  Tensor forward(const Tensor& x) {
    const Tensor outer = block(0, x), inner = block(1, torch::max_pool2d(outer, 2)),
                 bottom = block(2, torch::max_pool2d(inner, 2));
    const Tensor up = block(3, torch::cat({inner, larger(bottom)}, 1));
    return conv[5]->forward(block(4, torch::cat({outer, larger(up)}, 1)));
  }
  torch::nn::Conv2d conv[6]{nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
};
template <class Net>
inline constexpr bool takes_images = std::is_same_v<Net, LeNet> || std::is_same_v<Net, UNet>;

struct Batches {
  Batches(const bench::Setup& setup, bool images, bool sequences = false) {
    const auto size = static_cast<long>(setup.batch_size), features = static_cast<long>(setup.features());
    const std::vector<long> shape = images ? std::vector<long>{size, 1, 28, 28} : std::vector<long>{size, features};
    for (const bench::Batch& batch : setup.batches) {
      inputs.push_back(torch::tensor(batch.inputs).view(shape));
      if (!batch.targets.empty() && images) targets.push_back(torch::tensor(batch.targets).view(shape));
      if (!batch.targets.empty() && !images) {
        const auto sequence = [&](const Tensor& t) {
          return t.view({size, bench::w5_steps, bench::w5_width}).transpose(0, 1).contiguous();
        };
        inputs.back() = sequence(inputs.back());
        targets.push_back(sequence(torch::tensor(batch.targets)));
      }
      if (sequences)
        inputs.back() = inputs.back().view({size, bench::w4_steps, bench::w4_features}).transpose(0, 1).contiguous();
      labels.push_back(torch::tensor(batch.labels));
    }
  }
  std::vector<Tensor> inputs, labels, targets;
};

template <class Optimizer, class Net = Mlp, class Options>
bench::Workload train(const bench::Setup& setup, const Options& options) {
  auto model = std::make_shared<Net>(setup, Activation::relu);
  auto optimizer = std::make_shared<Optimizer>(model->parameters(), options);
  auto batches = std::make_shared<Batches>(setup, takes_images<Net>, is_recurrent<Net>);

  const auto loss = [=](std::size_t index) {
    if constexpr (std::is_same_v<Net, Vae>) {
      return model->loss(batches->inputs[index]);
    } else {
      const Tensor y = model->forward(batches->inputs[index]);
      return batches->targets.empty() ? torch::cross_entropy_loss(y, batches->labels[index])
                                      : torch::mse_loss(y, batches->targets[index]);
    }
  };
  auto run = [=, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) {
      for (auto& parameter : optimizer->param_groups()[0].params()) parameter.mutable_grad() = Tensor();
      loss(next).backward();
      optimizer->step();
    }
  };
  auto mean_loss = [=] {
    torch::NoGradGuard no_grad;
    double sum = 0;
    for (std::size_t i = 0; i < bench::rotating_batches; ++i) sum += loss(i).template item<double>();
    return sum / bench::rotating_batches;
  };
  return {run, mean_loss};
}

template <class Net = Mlp>
bench::Workload infer(const bench::Setup& setup, Activation activation) {
  auto model = std::make_shared<Net>(setup, activation);
  auto batches = std::make_shared<Batches>(setup, std::is_same_v<Net, LeNet>);
  model->eval();

  auto run = [=, next = std::size_t{0}](long steps) mutable {
    c10::InferenceMode inference;
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) model->forward(batches->inputs[next]);
  };
  auto mean_square = [=] {
    c10::InferenceMode inference;
    return model->forward(batches->inputs[0]).square().mean().template item<double>();
  };
  return {run, mean_square};
}

bench::Workload train_w1(std::size_t batch) {
  return train<torch::optim::SGD>(bench::w1_setup(batch), torch::optim::SGDOptions(0.01).momentum(0.9));
}
bench::Workload train_w2(std::size_t batch) {
  return train<torch::optim::Adam>(bench::w2_setup(batch), torch::optim::AdamOptions(1e-3));
}
bench::Workload train_w3(std::size_t batch) {
  return train<torch::optim::Adam, LeNet>(bench::w3_setup(batch), torch::optim::AdamOptions(1e-3));
}

template <class Core>
bench::Workload train_w4(const bench::Setup& setup) {
  return train<torch::optim::Adam, Recurrent<Core>>(setup, torch::optim::AdamOptions(1e-3));
}

std::string info() {
  std::ostringstream text;
  const char* capability = std::getenv("ATEN_CPU_CAPABILITY");
  text << "libtorch " << TORCH_VERSION << ", ATEN_CPU_CAPABILITY=" << (capability ? capability : "default") << ", "
       << torch::get_num_threads() << " thread, " << bench::blas_core();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--keep-heap") {
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
  }
  torch::set_num_threads(1);
  torch::set_num_interop_threads(1);
  return bench::serve(
      info(), {{"W1", train_w1},
               {"W2", train_w2},
               {"W3", train_w3},
               {"W4-LSTM", [](std::size_t batch) { return train_w4<torch::nn::LSTM>(bench::w4_setup(4, batch)); }},
               {"W4-GRU", [](std::size_t batch) { return train_w4<torch::nn::GRU>(bench::w4_setup(3, batch)); }},
               {"W5",
                [](std::size_t batch) {
                  return train<torch::optim::Adam, Block>(bench::w5_setup(batch), torch::optim::AdamOptions(1e-3));
                }},
               {"W8-VAE",
                [](std::size_t batch) {
                  return train<torch::optim::Adam, Vae>(bench::w8_vae_setup(batch), torch::optim::AdamOptions(1e-3));
                }},
               {"W8-UNet",
                [](std::size_t batch) {
                  return train<torch::optim::Adam, UNet>(bench::w8_unet_setup(batch), torch::optim::AdamOptions(1e-3));
                }},
               {"W6-LeNet", [](std::size_t batch) { return infer<LeNet>(bench::w3_setup(batch), Activation::relu); }},
               {"W6-784", [](std::size_t batch) { return infer(bench::w1_setup(batch), Activation::relu); }},
               {"W6-8", [](std::size_t batch) { return infer(bench::w6_small_setup(batch), Activation::tanh); }},
               {"W7", [](std::size_t batch) { return infer(bench::w2_setup(batch), Activation::relu); }}});
}
