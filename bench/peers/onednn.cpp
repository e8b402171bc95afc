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
    const bool images = setup.layers.front().in < setup.features();
    inputs = memory(images ? describe({batch, 1, 28, 28}, Tag::nchw) : describe({batch, features}, Tag::nc), engine);
    memory source = inputs;
    std::size_t first = 0;
    if (images) {  // LeNet
      add_convolution(setup.layers[0], source, {batch, 6, 28, 28}, {6, 1, 5, 5}, 2);
      add_pool(result(), {batch, 6, 14, 14});
      add_convolution(setup.layers[1], result(), {batch, 16, 10, 10}, {16, 6, 5, 5}, 0);
      add_pool(result(), {batch, 16, 5, 5});
      source = result();
      first = 2;
    }
    for (std::size_t i = first; i < setup.layers.size(); ++i) {
      add_layer(setup.layers[i], source, batch,
                i + 1 < setup.layers.size() ? activation : dnnl::algorithm::undef);
      source = steps.back().second.at(DNNL_ARG_DST);
    }
    outputs = source;
  }

  memory result() const { return steps.back().second.at(DNNL_ARG_DST); }

  void add_convolution(bench::Layer& layer, const memory& source, const memory::dims& result, const memory::dims& weights,
                       memory::dim padding) {
    dnnl::primitive_attr attributes;
    dnnl::post_ops fused;
    fused.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(fused);
    const memory::dims padded{padding, padding};
    const dnnl::convolution_forward::primitive_desc convolution(
        {dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto, describe(source.get_desc().dims(), Tag::any),
         describe(weights, Tag::any), describe({result[1]}, Tag::a), describe(result, Tag::any), {1, 1}, padded, padded},
        attributes, engine);
    memory wanted = source;
    if (convolution.src_desc() != source.get_desc()) {
      wanted = memory(convolution.src_desc(), engine);
      steps.push_back({dnnl::reorder(source, wanted), {{DNNL_ARG_FROM, source}, {DNNL_ARG_TO, wanted}}});
    }
    memory plain(describe(weights, Tag::oihw), engine, layer.weight.data());
    memory packed(convolution.weights_desc(), engine);
    dnnl::reorder(plain, packed).execute(stream, plain, packed);
    stream.wait();
    steps.push_back({dnnl::convolution_forward(convolution),
                     {{DNNL_ARG_SRC, wanted},
                      {DNNL_ARG_WEIGHTS, packed},
                      {DNNL_ARG_BIAS, memory(describe({result[1]}, Tag::a), engine, layer.bias.data())},
                      {DNNL_ARG_DST, memory(convolution.dst_desc(), engine)}}});
  }

  void add_pool(const memory& source, const memory::dims& result) {
    const dnnl::pooling_forward::primitive_desc pool({dnnl::prop_kind::forward_inference, dnnl::algorithm::pooling_max,
                                                      source.get_desc(), describe(result, Tag::any), {2, 2}, {2, 2}, {0, 0}, {0, 0}},
                                                     engine);
    steps.push_back({dnnl::pooling_forward(pool), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, memory(pool.dst_desc(), engine)}}});
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
    // behind images, the weights of each feature are an image too
    const memory::dims shape = source.get_desc().dims();
    const bool images = shape.size() == 4;
    const memory::dims weights = images ? memory::dims{out, shape[1], shape[2], shape[3]} : memory::dims{out, in};
    const dnnl::inner_product_forward::primitive_desc product(
        {dnnl::prop_kind::forward_inference, source.get_desc(), describe(weights, Tag::any),
         describe({out}, Tag::a), describe({batch, out}, last ? Tag::nc : Tag::any)},
        attributes, engine);

    memory plain(describe(weights, images ? Tag::oihw : Tag::oi), engine, layer.weight.data());
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
      {{"W6-LeNet",
        [](std::size_t batch) { return infer(bench::w3_setup(batch), algorithm::eltwise_relu); }},
       {"W6-784",
        [](std::size_t batch) { return infer(bench::w1_setup(batch), algorithm::eltwise_relu); }},
       {"W6-8",
        [](std::size_t batch) {
          return infer(bench::w6_small_setup(batch), algorithm::eltwise_tanh);
        }},
       {"W7",
        [](std::size_t batch) { return infer(bench::w2_setup(batch), algorithm::eltwise_relu); }}});
}
