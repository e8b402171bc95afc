// oneDNN primitives at their fastest: created once, weights packed once into the layout each
// primitive asks for, activations fused as post-ops, hidden buffers in whatever layout suits.

#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "support/protocol.hpp"
#include "support/workloads.hpp"

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc describe(const memory::dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

struct Mlp {
  Mlp(bench::Setup&& from, dnnl::algorithm activation) : setup(std::move(from)) {
    const auto batch = static_cast<memory::dim>(setup.batch_size);
    const auto features = static_cast<memory::dim>(setup.features());
    inputs = memory(describe({batch, features}, Tag::nc), engine);
    memory source = inputs;
    for (std::size_t i = 0; i < setup.layers.size(); ++i) {
      add_layer(setup.layers[i], source, batch,
                i + 1 < setup.layers.size() ? activation : dnnl::algorithm::undef);
      source = steps.back().second.at(DNNL_ARG_DST);
    }
    outputs = source;
  }

  void add_layer(bench::Layer& layer, const memory& source, memory::dim batch,
                 dnnl::algorithm activation) {
    const auto in = static_cast<memory::dim>(layer.in), out = static_cast<memory::dim>(layer.out);
    const bool last = activation == dnnl::algorithm::undef;
    dnnl::primitive_attr attributes;
    if (!last) {
      dnnl::post_ops fused;
      fused.append_eltwise(1.0f, activation, 0.0f, 0.0f);
      attributes.set_post_ops(fused);
    }
    const dnnl::inner_product_forward::primitive_desc product(
        {dnnl::prop_kind::forward_inference, source.get_desc(), describe({out, in}, Tag::any),
         describe({out}, Tag::a), describe({batch, out}, last ? Tag::nc : Tag::any)},
        attributes, engine);

    memory plain(describe({out, in}, Tag::oi), engine, layer.weight.data());
    memory packed(product.weights_desc(), engine);
    dnnl::reorder(plain, packed).execute(stream, plain, packed);
    stream.wait();
    steps.push_back({dnnl::inner_product_forward(product),
                     {{DNNL_ARG_SRC, source},
                      {DNNL_ARG_WEIGHTS, packed},
                      {DNNL_ARG_BIAS, memory(describe({out}, Tag::a), engine, layer.bias.data())},
                      {DNNL_ARG_DST, memory(product.dst_desc(), engine)}}});
  }

  void forward(std::size_t batch) {
    inputs.set_data_handle(setup.batches[batch].inputs.data());
    for (const auto& [primitive, arguments] : steps) primitive.execute(stream, arguments);
    stream.wait();
  }

  bench::Setup setup;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  memory inputs, outputs;
  std::vector<std::pair<dnnl::primitive, std::unordered_map<int, memory>>> steps;
};

bench::Workload infer(bench::Setup&& setup, dnnl::algorithm activation) {
  auto model = std::make_shared<Mlp>(std::move(setup), activation);
  auto run = [model, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) model->forward(next);
  };
  auto mean_square = [model] {
    model->forward(0);
    return bench::mean_square(static_cast<const float*>(model->outputs.get_data_handle()),
                              model->setup.batch_size * model->setup.outputs());
  };
  return {run, mean_square};
}

std::string info() {
  const dnnl::version_t* version = dnnl::version();
  const bool avx512 = dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core;
  return "oneDNN " + std::to_string(version->major) + '.' + std::to_string(version->minor) + '.' +
         std::to_string(version->patch) + (avx512 ? ", AVX-512" : ", no AVX-512");
}

}  // namespace

int main() {
  using dnnl::algorithm;
  return bench::serve(
      info(),
      {{"W6-784",
        [](std::size_t batch) { return infer(bench::w1_setup(batch), algorithm::eltwise_relu); }},
       {"W6-8",
        [](std::size_t batch) {
          return infer(bench::w6_small_setup(batch), algorithm::eltwise_tanh);
        }},
       {"W7",
        [](std::size_t batch) { return infer(bench::w2_setup(batch), algorithm::eltwise_relu); }}});
}
