// dlib at its fastest: no trainer and its threads, tensors converted once, solvers applied in
// place.

#include <dlib/dnn.h>
#include <dlib/revision.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "support/protocol.hpp"
#include "support/workloads.hpp"

namespace {

using Input = dlib::input<dlib::matrix<float>>;

template <long A, long B>
using Mlp1 = dlib::fc<B, dlib::relu<dlib::fc<A, Input>>>;
template <long A, long B, long C, template <class> class Activation>
using Mlp2 = dlib::fc<C, Activation<dlib::fc<B, Activation<dlib::fc<A, Input>>>>>;

using W1 = Mlp1<128, 10>;
using W2 = Mlp2<512, 512, 10, dlib::relu>;
template <long Filters, long Padding, class Below>
using Convolution = dlib::relu<dlib::add_layer<dlib::con_<Filters, 5, 5, 1, 1, Padding, Padding>, Below>>;
template <class Below>
using Half = dlib::max_pool<2, 2, 2, 2, Below>;
using W3 = dlib::fc<
    10, dlib::relu<dlib::fc<84, dlib::relu<dlib::fc<120, Half<Convolution<16, 0, Half<Convolution<6, 2, Input>>>>>>>>>;
using W6Small = Mlp2<32, 32, 1, dlib::htan>;

// dlib keeps a layer's parameters as (in, out), the bias as one more row; index 0 is the layer next
// to the output.
template <std::size_t Index, class Net>
void set_parameters(Net& net, const bench::Layer& from) {
  // Without it the solvers treat the bias apart, in a second pass; the decay itself is zero.
  auto& details = dlib::layer<Index>(net).layer_details();
  details.set_bias_weight_decay_multiplier(1);
  float* to = details.get_layer_params().host();
  for (std::size_t i = 0; i < from.in; ++i)
    for (std::size_t o = 0; o < from.out; ++o) to[i * from.out + o] = from.weight[o * from.in + i];
  std::copy(from.bias.begin(), from.bias.end(), to + from.in * from.out);
}

// A convolution's are those of PyTorch, one after the other.
template <std::size_t Index, class Net>
void set_convolution(Net& net, const bench::Layer& from) {
  auto& details = dlib::layer<Index>(net).layer_details();
  details.set_bias_weight_decay_multiplier(1);
  float* to = details.get_layer_params().host();
  std::copy(from.bias.begin(), from.bias.end(), std::copy(from.weight.begin(), from.weight.end(), to));
}

// Offset is 1 below a loss layer. Layers alternate with activations.
template <std::size_t Offset, class Net>
void set_all_parameters(Net& net, const std::vector<bench::Layer>& from) {
  const std::size_t last = from.size() - 1;
  if constexpr (Net::num_layers > Offset + 10) {
    set_convolution<Offset + 10>(net, from[0]);
    set_convolution<Offset + 7>(net, from[1]);
  }
  set_parameters<Offset>(net, from[last]);
  set_parameters<Offset + 2>(net, from[last - 1]);
  if constexpr (Net::num_layers > Offset + 4) set_parameters<Offset + 4>(net, from[last - 2]);
}

struct Batches {
  template <class Net>
  Batches(const bench::Setup& setup, Net& net) : inputs(setup.batches.size()) {
    const bool images = setup.layers.front().in < setup.features();
    const auto features = static_cast<long>(setup.features());
    const long rows = images ? 28 : features, columns = images ? 28 : 1;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::vector<dlib::matrix<float>> samples;
      for (std::size_t s = 0; s < setup.batch_size; ++s)
        samples.emplace_back(dlib::mat(setup.batches[i].inputs.data() + s * setup.features(), rows, columns));
      net.to_tensor(samples.begin(), samples.end(), inputs[i]);
      labels.emplace_back(setup.batches[i].labels.begin(), setup.batches[i].labels.end());
    }
  }
  std::vector<dlib::resizable_tensor> inputs;
  std::vector<std::vector<unsigned long>> labels;
};

template <class Body, class Solver>
bench::Workload train(const bench::Setup& setup, const Solver& solver, double rate) {
  using Net = dlib::loss_multiclass_log<Body>;
  auto net = std::make_shared<Net>();
  auto batches = std::make_shared<Batches>(setup, *net);
  auto solvers = std::make_shared<std::vector<Solver>>(std::size_t{Net::num_computational_layers}, solver);
  net->compute_loss(batches->inputs[0],
                    batches->labels[0].begin());  // dlib allocates parameters on first use
  set_all_parameters<1>(*net, setup.layers);

  auto run = [=, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) {
      net->compute_parameter_gradients(batches->inputs[next], batches->labels[next].begin());
      net->update_parameters(*solvers, rate);
    }
  };
  auto mean_loss = [=] {
    double sum = 0;
    for (std::size_t i = 0; i < bench::rotating_batches; ++i)
      sum += net->compute_loss(batches->inputs[i], batches->labels[i].begin());
    return sum / bench::rotating_batches;
  };
  return {run, mean_loss};
}

template <class Net>
bench::Workload infer(const bench::Setup& setup) {
  auto net = std::make_shared<Net>();
  auto batches = std::make_shared<Batches>(setup, *net);
  net->forward(batches->inputs[0]);
  set_all_parameters<0>(*net, setup.layers);

  auto run = [=, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches)
      bench::keep(net->forward(batches->inputs[next]).host());
  };
  auto mean_square = [=] {
    const dlib::tensor& outputs = net->forward(batches->inputs[0]);
    return bench::mean_square(outputs.host(), outputs.size());
  };
  return {run, mean_square};
}

}  // namespace

int main() {
  return bench::serve(
      "dlib " + std::to_string(DLIB_MAJOR_VERSION) + '.' + std::to_string(DLIB_MINOR_VERSION) + ", " +
          bench::blas_core(),
      {{"W1", [](std::size_t batch) { return train<W1>(bench::w1_setup(batch), dlib::sgd(0, 0.9f), 0.01); }},
       {"W2", [](std::size_t batch) { return train<W2>(bench::w2_setup(batch), dlib::adam(0, 0.9f, 0.999f), 1e-3); }},
       {"W3", [](std::size_t batch) { return train<W3>(bench::w3_setup(batch), dlib::adam(0, 0.9f, 0.999f), 1e-3); }},
       {"W6-LeNet", [](std::size_t batch) { return infer<W3>(bench::w3_setup(batch)); }},
       {"W6-784", [](std::size_t batch) { return infer<W1>(bench::w1_setup(batch)); }},
       {"W6-8", [](std::size_t batch) { return infer<W6Small>(bench::w6_small_setup(batch)); }},
       {"W7", [](std::size_t batch) { return infer<W2>(bench::w2_setup(batch)); }}});
}
