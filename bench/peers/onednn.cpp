// oneDNN primitives at their fastest: created once, weights packed once into the layout each
// primitive asks for, activations fused as post-ops, hidden buffers in whatever layout suits.

#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/protocol.hpp"
#include "support/workloads.hpp"

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::desc describe(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

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
      add_layer(setup.layers[i], source, batch, i + 1 < setup.layers.size() ? activation : dnnl::algorithm::undef);
      source = steps.back().second.at(DNNL_ARG_DST);
    }
    outputs = source;
  }

  memory result() const { return steps.back().second.at(DNNL_ARG_DST); }

  void add_convolution(bench::Layer& layer, const memory& source, const memory::dims& result,
                       const memory::dims& weights, memory::dim padding) {
    dnnl::primitive_attr attributes;
    dnnl::post_ops fused;
    fused.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(fused);
    const memory::dims padded{padding, padding};
    const dnnl::convolution_forward::primitive_desc convolution({dnnl::prop_kind::forward_inference,
                                                                 dnnl::algorithm::convolution_auto,
                                                                 describe(source.get_desc().dims(), Tag::any),
                                                                 describe(weights, Tag::any),
                                                                 describe({result[1]}, Tag::a),
                                                                 describe(result, Tag::any),
                                                                 {1, 1},
                                                                 padded,
                                                                 padded},
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
    const dnnl::pooling_forward::primitive_desc pool({dnnl::prop_kind::forward_inference,
                                                      dnnl::algorithm::pooling_max,
                                                      source.get_desc(),
                                                      describe(result, Tag::any),
                                                      {2, 2},
                                                      {2, 2},
                                                      {0, 0},
                                                      {0, 0}},
                                                     engine);
    steps.push_back(
        {dnnl::pooling_forward(pool), {{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, memory(pool.dst_desc(), engine)}}});
  }

  void add_layer(bench::Layer& layer, const memory& source, memory::dim batch, dnnl::algorithm activation) {
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
    const dnnl::inner_product_forward::primitive_desc product({dnnl::prop_kind::forward_inference, source.get_desc(),
                                                               describe(weights, Tag::any), describe({out}, Tag::a),
                                                               describe({batch, out}, last ? Tag::nc : Tag::any)},
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

// Training of W4: the RNN primitive forward and backward, steps outermost, its weights packed anew after every update
// as it asks; the dense layer, the loss and Adam in plain loops.
struct Recurrent {
  using Step = std::pair<dnnl::primitive, std::unordered_map<int, memory>>;
  static constexpr long steps = bench::w4_steps, features = bench::w4_features, hidden = bench::w4_hidden, classes = 10;

  Recurrent(bench::Setup&& from, bool is_lstm)
      : setup(std::move(from)), lstm(is_lstm), batch(static_cast<long>(setup.batch_size)), gates(lstm ? 4 : 3) {
    const long sizes[] = {features * gates * hidden, hidden * gates * hidden, 4 * hidden, classes * hidden, classes};
    std::size_t count = 0;
    for (std::size_t i = 0; i < 5; ++i) offset[i] = count, count += static_cast<std::size_t>(sizes[i]);
    for (auto* numbers : {&parameters, &gradients, &first_moments, &second_moments}) numbers->assign(count, 0.0f);
    take_weights();
    for (const bench::Batch& one : setup.batches) {
      auto& in = inputs.emplace_back(one.inputs.size());
      for (long n = 0; n < batch; ++n)
        for (long t = 0; t < steps; ++t)
          std::copy_n(one.inputs.data() + (n * steps + t) * features, features, in.data() + (t * batch + n) * features);
    }
    make_primitives();
  }

  // Gates i, f, g, o as PyTorch has them; z, r, n where PyTorch has r, z, n, and a bias of its own for the state's
  // share of n.
  void take_weights() {
    const long order[] = {lstm ? 0 : 1, lstm ? 1 : 0, 2, 3};
    for (int which : {0, 1}) {
      const bench::Layer& layer = setup.layers[static_cast<std::size_t>(which)];
      const long in = static_cast<long>(layer.in);
      float* to = parameters.data() + offset[which];
      for (long i = 0; i < in; ++i)
        for (long g = 0; g < gates; ++g)
          for (long o = 0; o < hidden; ++o)
            *to++ = layer.weight[static_cast<std::size_t>((order[g] * hidden + o) * in + i)];
    }
    float* bias = parameters.data() + offset[2];
    for (long g = 0; g < gates; ++g)
      for (long o = 0; o < hidden; ++o) {
        const float x = setup.layers[0].bias[static_cast<std::size_t>(order[g] * hidden + o)];
        const float h = setup.layers[1].bias[static_cast<std::size_t>(order[g] * hidden + o)];
        const bool apart = !lstm && g == 2;
        bias[g * hidden + o] = apart ? x : x + h;
        if (apart) bias[(g + 1) * hidden + o] = h;
      }
    std::copy(setup.layers[2].weight.begin(), setup.layers[2].weight.end(),
              parameters.begin() + static_cast<long>(offset[3]));
    std::copy(setup.layers[2].bias.begin(), setup.layers[2].bias.end(),
              parameters.begin() + static_cast<long>(offset[4]));
  }

  memory zeros(const memory::desc& desc) {
    const memory made(desc, engine);
    std::fill_n(static_cast<float*>(made.get_data_handle()), desc.get_size() / sizeof(float), 0.0f);
    return made;
  }

  void make_primitives() {
    using dnnl::prop_kind;
    const auto direction = dnnl::rnn_direction::unidirectional_left2right;
    const memory::desc none, src = describe({steps, batch, features}, Tag::tnc),
                             dst = describe({steps, batch, hidden}, Tag::tnc);
    const memory::dims layer_dims{1, 1, features, gates, hidden}, iter_dims{1, 1, hidden, gates, hidden};
    const memory::desc layer = describe(layer_dims, Tag::any), iter = describe(iter_dims, Tag::any);
    const memory::desc bias = describe({1, 1, 4, hidden}, Tag::ldgo);
    const auto connect = [&](const auto& forward_desc, const auto& backward_desc) {
      x = memory(src, engine), y = memory(dst, engine), dx = memory(src, engine), dy = memory(dst, engine);
      std::fill_n(static_cast<float*>(dy.get_data_handle()), steps * batch * hidden, 0.0f);
      const auto plain = [&](const memory::dims& dims, std::vector<float>& numbers, int which) {
        return memory(describe(dims, Tag::ldigo), engine, numbers.data() + offset[which]);
      };
      const memory plain_layer = plain(layer_dims, parameters, 0), plain_iter = plain(iter_dims, parameters, 1);
      const memory biases(bias, engine, parameters.data() + offset[2]),
          bias_gradients(bias, engine, gradients.data() + offset[2]);
      const auto packed = [&](std::vector<Step>& list, const memory& from, const memory::desc& wanted) {
        memory to(wanted, engine);
        list.push_back({dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}});
        return to;
      };
      const memory workspace(forward_desc.workspace_desc(), engine);
      const memory l = packed(forward_steps, plain_layer, forward_desc.weights_layer_desc());
      const memory i = packed(forward_steps, plain_iter, forward_desc.weights_iter_desc());
      std::unordered_map<int, memory> arguments{{DNNL_ARG_SRC_LAYER, x},    {DNNL_ARG_WEIGHTS_LAYER, l},
                                                {DNNL_ARG_WEIGHTS_ITER, i}, {DNNL_ARG_BIAS, biases},
                                                {DNNL_ARG_DST_LAYER, y},    {DNNL_ARG_WORKSPACE, workspace}};
      arguments.insert(states.begin(), states.end());
      forward_steps.push_back({dnnl::primitive(forward_desc.get()), arguments});
      arguments[DNNL_ARG_WEIGHTS_LAYER] = packed(backward_steps, plain_layer, backward_desc.weights_layer_desc());
      arguments[DNNL_ARG_WEIGHTS_ITER] = packed(backward_steps, plain_iter, backward_desc.weights_iter_desc());
      const memory dl(backward_desc.diff_weights_layer_desc(), engine),
          di(backward_desc.diff_weights_iter_desc(), engine);
      sums = {dl, di};
      arguments.insert({{DNNL_ARG_DIFF_SRC_LAYER, dx},
                        {DNNL_ARG_DIFF_WEIGHTS_LAYER, dl},
                        {DNNL_ARG_DIFF_WEIGHTS_ITER, di},
                        {DNNL_ARG_DIFF_BIAS, bias_gradients},
                        {DNNL_ARG_DIFF_DST_LAYER, dy}});
      arguments.insert(state_gradients.begin(), state_gradients.end());
      backward_steps.push_back({dnnl::primitive(backward_desc.get()), arguments});
      for (const auto& [from, dims, which] : {std::tuple{dl, layer_dims, 0}, std::tuple{di, iter_dims, 1}}) {
        const memory to = plain(dims, gradients, which);
        backward_steps.push_back({dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}});
      }
    };
    if (lstm) {
      // without a state given at the start, oneDNN 2.6 computes wrong gradients
      const memory::desc state = describe({1, 1, batch, hidden}, Tag::ldnc);
      for (const int argument : {DNNL_ARG_SRC_ITER, DNNL_ARG_SRC_ITER_C, DNNL_ARG_DST_ITER, DNNL_ARG_DST_ITER_C})
        states.insert({argument, zeros(state)});
      for (const int argument :
           {DNNL_ARG_DIFF_SRC_ITER, DNNL_ARG_DIFF_SRC_ITER_C, DNNL_ARG_DIFF_DST_ITER, DNNL_ARG_DIFF_DST_ITER_C})
        state_gradients.insert({argument, zeros(state)});
      const dnnl::lstm_forward::primitive_desc forward(
          {prop_kind::forward_training, direction, src, state, state, layer, iter, bias, dst, state, state}, engine);
      connect(forward, dnnl::lstm_backward::primitive_desc({prop_kind::backward,
                                                            direction,
                                                            src,
                                                            state,
                                                            state,
                                                            layer,
                                                            iter,
                                                            bias,
                                                            dst,
                                                            state,
                                                            state,
                                                            src,
                                                            state,
                                                            state,
                                                            layer,
                                                            iter,
                                                            bias,
                                                            dst,
                                                            state,
                                                            state},
                                                           engine, forward));
    } else {
      const dnnl::lbr_gru_forward::primitive_desc forward(
          {prop_kind::forward_training, direction, src, none, layer, iter, bias, dst, none}, engine);
      connect(forward,
              dnnl::lbr_gru_backward::primitive_desc({prop_kind::backward, direction, src, none, layer, iter, bias, dst,
                                                      none, src, none, layer, iter, bias, dst, none},
                                                     engine, forward));
    }
  }

  void run(std::vector<Step>& list) {
    for (const auto& [primitive, arguments] : list) primitive.execute(stream, arguments);
    stream.wait();
  }

  /// The loss; its gradient by the logits stays in `logits`.
  double forward(std::size_t which) {
    x.set_data_handle(inputs[which].data());
    run(forward_steps);
    const float *w = parameters.data() + offset[3], *b = parameters.data() + offset[4];
    double loss = 0;
    logits.resize(static_cast<std::size_t>(batch * classes));
    for (long n = 0; n < batch; ++n) {
      const float* h = last(y) + n * hidden;
      float* z = logits.data() + n * classes;
      float high = -1e30f, sum = 0;
      for (long c = 0; c < classes; ++c) {
        float product = 0;
#pragma omp simd reduction(+ : product)
        for (long o = 0; o < hidden; ++o) product += w[c * hidden + o] * h[o];
        z[c] = product + b[c];
        high = std::max(high, z[c]);
      }
      for (long c = 0; c < classes; ++c) sum += std::exp(z[c] - high);
      const auto label = setup.batches[which].labels[static_cast<std::size_t>(n)];
      loss += std::log(sum) + high - z[label];
      for (long c = 0; c < classes; ++c)
        z[c] = (std::exp(z[c] - high) / sum - (c == label ? 1.0f : 0.0f)) / static_cast<float>(batch);
    }
    return loss / static_cast<double>(batch);
  }

  void train(std::size_t which) {
    forward(which);
    std::fill(gradients.begin(), gradients.end(), 0.0f);
    for (const memory& sum : sums)
      std::fill_n(static_cast<float*>(sum.get_data_handle()), sum.get_desc().get_size() / sizeof(float), 0.0f);
    const float* w = parameters.data() + offset[3];
    float *dw = gradients.data() + offset[3], *db = gradients.data() + offset[4];
    for (long n = 0; n < batch; ++n) {
      const float *h = last(y) + n * hidden, *dz = logits.data() + n * classes;
      float* dh = last(dy) + n * hidden;
      std::fill_n(dh, hidden, 0.0f);
      for (long c = 0; c < classes; ++c) {
        db[c] += dz[c];
        for (long o = 0; o < hidden; ++o) dw[c * hidden + o] += dz[c] * h[o], dh[o] += dz[c] * w[c * hidden + o];
      }
    }
    run(backward_steps);
    ++updates;
    // PyTorch's two biases of a gate get the same gradient: their sum moves twice as fast
    const std::size_t shared = offset[2], apart = shared + static_cast<std::size_t>((lstm ? 4 : 2) * hidden);
    adam(0, shared, 1);
    adam(shared, apart, 2);
    adam(apart, parameters.size(), 1);
  }

  void adam(std::size_t from, std::size_t to, float factor) {
    const float rate = factor * static_cast<float>(1e-3 / (1 - std::pow(0.9, updates)));
    const float fresh = static_cast<float>(1 / (1 - std::pow(0.999, updates)));
    for (std::size_t i = from; i < to; ++i) {
      first_moments[i] += 0.1f * (gradients[i] - first_moments[i]);
      second_moments[i] += 0.001f * (gradients[i] * gradients[i] - second_moments[i]);
      parameters[i] -= rate * first_moments[i] / (std::sqrt(second_moments[i] * fresh) + 1e-8f);
    }
  }

  float* last(const memory& sequence) const {
    return static_cast<float*>(sequence.get_data_handle()) + (steps - 1) * batch * hidden;
  }

  bench::Setup setup;
  bool lstm;
  long batch, gates;
  std::size_t offset[5];
  std::vector<float> parameters, gradients, first_moments, second_moments, logits;
  std::vector<std::vector<float>> inputs;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  memory x, y, dx, dy;
  std::vector<memory> sums;
  std::unordered_map<int, memory> states, state_gradients;
  std::vector<Step> forward_steps, backward_steps;
  int updates = 0;
};

bench::Workload train_recurrent(bench::Setup&& setup, bool lstm) {
  auto model = std::make_shared<Recurrent>(std::move(setup), lstm);
  auto run = [model, next = std::size_t{0}](long steps) mutable {
    for (; steps > 0; --steps, next = (next + 1) % bench::rotating_batches) model->train(next);
  };
  auto mean_loss = [model] {
    double sum = 0;
    for (std::size_t i = 0; i < bench::rotating_batches; ++i) sum += model->forward(i);
    return sum / bench::rotating_batches;
  };
  return {run, mean_loss};
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
      info(), {{"W4-LSTM", [](std::size_t batch) { return train_recurrent(bench::w4_setup(4, batch), true); }},
               {"W4-GRU", [](std::size_t batch) { return train_recurrent(bench::w4_setup(3, batch), false); }},
               {"W6-LeNet", [](std::size_t batch) { return infer(bench::w3_setup(batch), algorithm::eltwise_relu); }},
               {"W6-784", [](std::size_t batch) { return infer(bench::w1_setup(batch), algorithm::eltwise_relu); }},
               {"W6-8", [](std::size_t batch) { return infer(bench::w6_small_setup(batch), algorithm::eltwise_tanh); }},
               {"W7", [](std::size_t batch) { return infer(bench::w2_setup(batch), algorithm::eltwise_relu); }}});
}
