// The matrix products of each workload and nothing else: no bias, activation, loss or update. What
// OpenBLAS leaves as room above it is the framework's own cost.

#include <cblas.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "support/protocol.hpp"
#include "support/workloads.hpp"

namespace {

using bench::Layer;

struct Floor {
  explicit Floor(bench::Setup&& from) : setup(std::move(from)) {
    for (const Layer& layer : setup.layers) {
      gradients.emplace_back(layer.weight.size());
      outputs.emplace_back(setup.batch_size * layer.out, 0.01f);
      deltas.emplace_back(setup.batch_size * layer.out, 0.01f);
    }
  }

  // outputs = inputs weight^T
  void forward(const float* inputs) {
    for (std::size_t i = 0; i < setup.layers.size(); ++i) {
      const Layer& layer = setup.layers[i];
      const int batch = static_cast<int>(setup.batch_size), in = static_cast<int>(layer.in),
                out = static_cast<int>(layer.out);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, out, in, 1.0f, inputs, in, layer.weight.data(), in,
                  0.0f, outputs[i].data(), out);
      inputs = outputs[i].data();
    }
  }

  // gradient = delta^T inputs, and below the first layer: delta' = delta weight
  void backward(const float* inputs) {
    for (std::size_t i = setup.layers.size(); i-- > 0;) {
      const Layer& layer = setup.layers[i];
      const int batch = static_cast<int>(setup.batch_size), in = static_cast<int>(layer.in),
                out = static_cast<int>(layer.out);
      cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, out, in, batch, 1.0f, deltas[i].data(), out,
                  i == 0 ? inputs : outputs[i - 1].data(), in, 0.0f, gradients[i].data(), in);
      if (i > 0)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch, in, out, 1.0f, deltas[i].data(), out,
                    layer.weight.data(), in, 0.0f, deltas[i - 1].data(), in);
    }
  }

  bench::Setup setup;
  std::vector<std::vector<float>> gradients, outputs, deltas;
};

bench::Workload floor_of(bench::Setup&& setup, bool train) {
  auto floor = std::make_shared<Floor>(std::move(setup));
  auto run = [floor, train, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) {
      const float* inputs = floor->setup.batches[next].inputs.data();
      floor->forward(inputs);
      if (train) floor->backward(inputs);
    }
  };
  return {run, {}};
}

}  // namespace

int main() {
  return bench::serve("cblas_sgemm alone, " + bench::blas_core(),
                      {{"W1", [](std::size_t batch) { return floor_of(bench::w1_setup(batch), true); }},
                       {"W2", [](std::size_t batch) { return floor_of(bench::w2_setup(batch), true); }},
                       {"W6-784", [](std::size_t batch) { return floor_of(bench::w1_setup(batch), false); }},
                       {"W6-8", [](std::size_t batch) { return floor_of(bench::w6_small_setup(batch), false); }},
                       {"W7", [](std::size_t batch) { return floor_of(bench::w2_setup(batch), false); }}});
}
