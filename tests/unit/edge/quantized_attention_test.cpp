#include <catch2/catch.hpp>

#include <tenon/edge/quantized_stepwise.hpp>
#include <tenon/layers/additive_attention.hpp>
#include <tenon/layers/cross_attention.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/embedding.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/learned_positional_embedding.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/mean_steps.hpp>
#include <tenon/layers/multihead_attention.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sinusoidal_positional_encoding.hpp>
#include <tenon/layers/slice.hpp>
#include <tenon/layers/take.hpp>
#include <tenon/layers/tied.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/layers/where.hpp>
#include <tenon/model/quantization_report.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/masked.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/net/repeat.hpp>
#include <tenon/net/split_at.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

using namespace tenon;

namespace {

/// What attention gives, in double: q, k, v and y are those of one head of `depth` numbers a step.
struct Sizes {
  std::size_t queries, keys, depth;
  bool causal;
  double rope = 0;
};
/// RoPE: pairs rotated by their places.
std::vector<double> rotated(const Sizes& s, std::vector<double> x) {
  for (std::size_t i = 0; s.rope > 0 && i + 1 < x.size(); i += 2) {
    const double pair = static_cast<double>(i % s.depth) / static_cast<double>(s.depth),
                 angle = static_cast<double>(i / s.depth) * std::pow(s.rope, -pair), a = x[i], b = x[i + 1];
    x[i] = std::cos(angle) * a - std::sin(angle) * b;
    x[i + 1] = std::sin(angle) * a + std::cos(angle) * b;
  }
  return x;
}
std::vector<double> attend(const Sizes& s, const std::vector<double>& q, const std::vector<double>& k,
                           const std::vector<double>& v, const std::vector<bool>& hidden) {
  std::vector<double> y(s.queries * s.depth);
  for (std::size_t t = 0; t < s.queries; ++t) {
    std::vector<double> weight(s.keys);
    double sum = 0, largest = -1e300;
    const std::size_t seen = s.causal ? t + 1 : s.keys;
    for (std::size_t i = 0; i < seen; ++i) {
      for (std::size_t j = 0; j < s.depth; ++j) weight[i] += q[t * s.depth + j] * k[i * s.depth + j];
      weight[i] /= std::sqrt(static_cast<double>(s.depth));
      if (!hidden[i]) largest = std::max(largest, weight[i]);
    }
    for (std::size_t i = 0; i < seen; ++i) sum += weight[i] = hidden[i] ? 0 : std::exp(weight[i] - largest);
    for (std::size_t i = 0; i < s.keys && sum > 0; ++i)
      for (std::size_t j = 0; j < s.depth; ++j) y[t * s.depth + j] += weight[i] / sum * v[i * s.depth + j];
  }
  return y;
}

}  // namespace

TEST_CASE("the halves of attention's softmax are those of the formula") {
  for (std::int64_t z = 0; z < 20 << 16; z += 37)
    REQUIRE(std::abs(edge::halving(z) - 65535 * std::exp2(-static_cast<double>(z) / 65536)) < 2);
}

TEST_CASE("attention of int8 numbers is the formula but for one rounding") {
  Stream random(5, Purpose::user);
  const auto whole = [&random](int low, int high) {
    return static_cast<int>(std::floor(random.uniform<double>(low, high + 1.0)));
  };
  double worst = 0;
  for (const Sizes s : {Sizes{7, 7, 8, true}, Sizes{5, 9, 3, false}, Sizes{3, 400, 16, false}, Sizes{1, 1, 4, false},
                        Sizes{9, 9, 1, true}, Sizes{12, 12, 6, true, 100}, Sizes{12, 12, 6, false, 100}})
    for (const double scale : {0.002, 0.01, 0.05, 0.2})
      for (const bool masked : {false, true}) {
        const int q_zero = whole(-128, 127), k_zero = whole(-128, 127), v_zero = whole(-128, 127);
        const auto draw = [&](std::size_t steps, std::vector<std::int8_t>& bytes, std::vector<double>& real, int zero) {
          for (std::size_t i = 0; i < steps * s.depth; ++i) {
            bytes.push_back(static_cast<std::int8_t>(whole(-128, 127)));
            real.push_back(scale * (bytes.back() - zero));
          }
        };
        std::vector<std::int8_t> q, k, v, mask(s.keys, 3), y(s.queries * s.depth);
        std::vector<double> real_q, real_k, real_v;
        draw(s.queries, q, real_q, q_zero);
        draw(s.keys, k, real_k, k_zero);
        draw(s.keys, v, real_v, v_zero);
        std::vector<bool> hidden(s.keys);
        for (std::size_t i = 0; masked && i < s.keys; ++i)
          if ((hidden[i] = whole(0, 2) == 0)) mask[i] = 4;
        const double log2_e = 1.4426950408889634, out = scale / 1.5;
        std::vector<std::int32_t> scores(s.keys);
        kernels::attend_int8({{s.queries, s.keys, s.depth, 1, s.causal, masked},
                              edge::requantizer(scale * scale * log2_e * 65536 / std::sqrt(s.depth)),
                              edge::requantizer(scale / out / (1 << 20)),
                              q_zero,
                              v_zero,
                              3,
                              -7,
                              &edge::halving,
                              0,
                              s.rope > 0 ? edge::turns_of<12, 6, 100.0>.data() : nullptr,
                              k_zero},
                             q.data(), k.data(), v.data(), mask.data(), y.data(), scores.data());
        const std::vector<double> expected = attend(s, rotated(s, real_q), rotated(s, real_k), real_v, hidden);
        for (std::size_t i = 0; i < y.size(); ++i)
          worst = std::max(worst, std::abs(y[i] - std::clamp(expected[i] / out - 7, -128.0, 127.0)));
      }
  CHECK(worst < 0.51);
}

TEST_CASE("additive attention of int8 numbers is the formula but for one rounding") {
  Stream random(6, Purpose::user);
  const auto whole = [&random](int low, int high) {
    return static_cast<int>(std::floor(random.uniform<double>(low, high + 1.0)));
  };
  double worst = 0;
  for (const kernels::AttentionSizes s : {kernels::AttentionSizes{.queries = 5, .keys = 7, .width = 6, .hidden = 4},
                                          kernels::AttentionSizes{.queries = 3, .keys = 300, .width = 3, .hidden = 9},
                                          kernels::AttentionSizes{.queries = 1, .keys = 4, .width = 4, .hidden = 2000},
                                          kernels::AttentionSizes{.queries = 2, .keys = 1, .width = 1, .hidden = 1}})
    for (const double scale : {0.003, 0.02, 0.1})
      for (const bool masked : {false, true}) {
        const auto draw = [&](std::size_t count, int zero, std::vector<double>& real) {
          std::vector<std::int8_t> bytes(count);
          for (std::int8_t& b : bytes) {
            b = static_cast<std::int8_t>(whole(-128, 127));
            real.push_back(scale * (b - zero));
          }
          return bytes;
        };
        const int q_zero = whole(-128, 127), k_zero = whole(-128, 127), v_zero = whole(-128, 127);
        std::vector<double> real_q, real_k, real_v, real_w;
        const auto q = draw(s.queries * s.hidden, q_zero, real_q), k = draw(s.keys * s.hidden, k_zero, real_k),
                   v = draw(s.keys * s.width, v_zero, real_v), w = draw(s.hidden, 0, real_w);
        std::vector<std::int8_t> mask(s.keys, 3), y(s.queries * s.width);
        for (std::int8_t& m : mask)
          if (masked && whole(0, 2) == 0) m = 4;
        const double weight = scale / static_cast<double>(1 << kernels::tanh_bits(s.hidden)), out = scale / 1.5;
        kernels::AttentionSizes sizes = s;
        sizes.masked = masked;
        std::vector<std::int32_t> scores(s.keys + s.hidden);
        kernels::attend_additively_int8(
            {{sizes, edge::requantizer(weight * 1.4426950408889634 * 65536), edge::requantizer(scale / out / (1 << 20)),
              q_zero, v_zero, 3, -7, &edge::halving, 0, nullptr, k_zero},
             edge::requantizer(scale * 4096),
             edge::requantizer(scale * 4096),
             &edge::tanh_curve,
             w.data()},
            q.data(), k.data(), v.data(), mask.data(), y.data(), scores.data());
        for (std::size_t t = 0; t < s.queries; ++t) {
          std::vector<double> share(s.keys, -1e300), mean(s.width);
          double sum = 0;
          for (std::size_t i = 0; i < s.keys; ++i) {
            if (mask[i] != 3) continue;
            share[i] = 0;
            for (std::size_t j = 0; j < s.hidden; ++j)
              share[i] += real_w[j] * std::tanh(real_q[t * s.hidden + j] + real_k[i * s.hidden + j]);
          }
          const double largest = *std::max_element(share.begin(), share.end());
          for (std::size_t i = 0; i < s.keys; ++i) {
            const double own = mask[i] == 3 ? std::exp(share[i] - largest) : 0;
            sum += own;
            for (std::size_t j = 0; j < s.width; ++j) mean[j] += own * real_v[i * s.width + j];
          }
          for (std::size_t j = 0; j < s.width; ++j) {
            const double expected = sum > 0 ? mean[j] / sum / out - 7 : -7;
            worst = std::max(worst, std::abs(y[t * s.width + j] - std::clamp(expected, -128.0, 127.0)));
          }
        }
      }
  INFO(worst);
  CHECK(worst < 0.6);
}

namespace {

template <class N>
struct Int8 {
  Model<N> model;
  Dataset<float> data;
  std::unique_ptr<QuantizedNumbers<N>> numbers;
  std::unique_ptr<edge::QuantizedTables<N>> tables;

  /// Biases and weights are random; `factor` makes softmax sharper. The last `mask` numbers of a sample are 0 or 1. Of
  /// steps of `padded` numbers some are nothing but 0, in the first sample all.
  explicit Int8(std::uint64_t seed, float factor = 1, std::size_t mask = 0, std::size_t padded = 0) : model{seed} {
    constexpr std::size_t in = input_shape<N>::size;
    std::vector<float> values(64 * in);
    Stream random(seed, Purpose::user);
    for (float& v : values) v = random.uniform<float>(-1, 2);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (i % in >= in - mask) values[i] = values[i] > 1 ? 1.0F : 0.0F;
    for (std::size_t i = 0; padded > 0 && i < values.size(); i += padded)
      if (i < in || random.uniform<float>(0, 1) < 0.4F) std::fill_n(values.data() + i, padded, 0.0F);
    for (std::size_t i = 0; i < model.parameters().size(); ++i) {
      float& p = model.parameters().data()[i];
      p = p == 0 ? random.uniform<float>(-0.3F, 0.3F) : factor * p;
    }
    data = Dataset<float>({in}, std::move(values));
    DataLoader<float> loader{data, 16, 1};
    numbers = quantize(model, loader);
    tables = std::make_unique<edge::QuantizedTables<N>>(edge::make_tables(*numbers));
    REQUIRE(tables->sums_fit);
  }
};

/// The largest and the mean difference from the float network in steps of the output.
template <class N>
void check_apart(float most, float mean, float factor = 1, std::size_t mask = 0, std::size_t padded = 0) {
  constexpr std::size_t in = input_shape<N>::size, out = output_shape<N>::size;
  float worst = 0, sum = 0;
  std::size_t count = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Int8<N> q(seed, factor, mask, padded);
    const auto net = std::make_unique<Quantized<N>>(*q.tables);
    std::vector<float> x(in), y(out), got(out);
    for (std::size_t sample = 0; sample < 24; ++sample) {
      std::copy_n(q.data.sample(sample).begin(), in, x.begin());
      q.model.predict(x, y);
      (*net)(std::span<const float, in>(x.data(), in), std::span<float, out>(got.data(), out));
      for (std::size_t i = 0; i < out; ++i, ++count) {
        const float error = std::abs(got[i] - y[i]) / net->template output_scale<0>();
        worst = std::max(worst, error);
        sum += error;
      }
    }
  }
  sum /= static_cast<float>(count);
  INFO(type_name<N>() << ": largest " << worst << ", mean " << sum);
  CHECK(worst < most);
  CHECK(sum < mean);
}

template <class... L>
void check_padded(float most, float mean) {
  check_apart<Sequential<Input<12, 8>, Masked<0, L...>>>(most, mean, 1, 0, 8);
}

using Across = Graph<In<"x", 5, 8>, In<"memory", 7, 8>, Node<"y", CrossAttention<2>, "x", "memory">, Out<"y">>;
using Padded = Graph<In<"x", 5, 8>, In<"memory", 7, 8>, In<"padding", 7>,
                     Node<"y", CrossAttention<2>, "x", "memory", "padding">, Out<"y">>;
using Added = Graph<In<"x", 5, 8>, In<"memory", 7, 8>, In<"padding", 7>,
                    Node<"y", AdditiveAttention<6>, "x", "memory", "padding">, Out<"y">>;
using Own = Graph<In<"x", 7, 8>, In<"padding", 7>, Node<"y", MultiheadAttention<4>, "x", "padding">, Out<"y">>;
using Block = Sequential<Input<12, 16>, Residual<LayerNorm<>, MultiheadAttention<4, causal>>,
                         Residual<LayerNorm<>, Dense<32>, ReLU, Dense<16>>>;

/// From the float network, in steps of the output, with inputs that int8 has exactly; the `Count` numbers of the
/// condition, from `first` on, are 0 or not.
template <class N, std::size_t Count>
float choice_apart(std::size_t first) {
  constexpr std::size_t in = input_shape<N>::size, out = output_shape<N>::size;
  const Model<N> model{1};
  Stream random(8, Purpose::user);
  std::vector<float> values(48 * in);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = random.uniform<float>(-3, 1);
    if (i % in >= first && i % in < first + Count) values[i] = values[i] > -1 ? 0.0F : values[i];
  }
  const Dataset<float> data({in}, std::move(values));
  DataLoader<float> loader{data, 16, 1};
  const auto numbers = quantize(model, loader);
  const auto tables = std::make_unique<edge::QuantizedTables<N>>(edge::make_tables(*numbers));
  REQUIRE(tables->sums_fit);
  const auto net = std::make_unique<Quantized<N>>(*tables);
  constexpr auto sizes = input_shape<N>::sizes;
  std::vector<float> x(in), y(out), got(out);
  float worst = 0;
  for (std::size_t sample = 0; sample < 48; ++sample) {
    std::copy_n(data.sample(sample).begin(), in, x.begin());
    for (std::size_t k = 0, i = 0; k < 3; ++k)
      for (const std::size_t end = i + sizes[k]; i < end; ++i) {
        const int q = edge::to_int8(x[i], numbers->scale[k], numbers->zero[k]);
        x[i] = numbers->scale[k] * static_cast<float>(q - numbers->zero[k]);
      }
    model.predict(x, y);
    (*net)(std::span<const float, in>(x.data(), in), std::span<float, out>(got.data(), out));
    for (std::size_t i = 0; i < out; ++i)
      worst = std::max(worst, std::abs(got[i] - y[i]) / net->template output_scale<0>());
  }
  return worst;
}

}  // namespace

TEST_CASE("attention in int8 is within a few steps of the float layer") {
  check_apart<Sequential<Input<9, 12>, MultiheadAttention<3>>>(3, 0.5F);
  check_apart<Sequential<Input<9, 12>, MultiheadAttention<3, causal>>>(3, 0.5F);
  check_apart<Sequential<Input<9, 12>, MultiheadAttention<1>>>(8, 0.7F, 3);
  check_apart<Sequential<Input<1, 12>, MultiheadAttention<2>, ReLU>>(4, 0.5F);
  check_apart<Sequential<Input<9, 12>, MultiheadAttention<3, causal, rope<>>>>(3, 0.5F);
  check_apart<Sequential<Input<9, 12>, MultiheadAttention<2, rope<50>>>>(3, 0.5F);
  check_apart<Across>(3, 0.5F);
  check_apart<Sequential<Input<12, 8>, CrossAttention<2, 7>>>(3, 0.5F);
  check_apart<Padded>(3, 0.5F, 1, 7);
  check_apart<Own>(3, 0.5F, 1, 7);
  check_apart<Block>(3, 0.5F);
}

TEST_CASE("additive attention in int8 is within a few steps of the float layer") {
  check_apart<Graph<In<"x", 5, 8>, In<"memory", 7, 8>, Node<"y", AdditiveAttention<6>, "x", "memory">, Out<"y">>>(3,
                                                                                                                  0.5F);
  check_apart<Added>(3, 0.5F, 1, 7);
  check_apart<Sequential<Input<12, 8>, AdditiveAttention<5, 7>>>(3, 0.5F);
  check_apart<Sequential<Input<12, 8>, Residual<AdditiveAttention<5, 7>>, ReLU>>(4, 0.5F, 3);
}

TEST_CASE("what reads the mask of Masked sees no padding in int8") {
  check_padded<MultiheadAttention<2>>(3, 0.5F);
  check_padded<Residual<LayerNorm<>, MultiheadAttention<2, causal>>, Dense<4>>(4, 0.6F);
  check_padded<CrossAttention<2, 7>>(3, 0.5F);
  check_padded<Residual<AdditiveAttention<5, 7>>, Slice<0, 7>>(3, 0.5F);
  check_padded<Dense<6>, ReLU, MeanSteps>(3, 0.5F);
  check_padded<SplitAt<5, Dense<8>, MultiheadAttention<2>>>(3, 0.5F);  // the mask of the steps behind
  check_padded<SplitAt<5, Dense<8>, Repeat<2, Residual<MultiheadAttention<2>>>>>(6, 1);
  check_padded<Masked<-1, MultiheadAttention<2>>>(3, 0.5F);  // which finds no padding, for it looks for another
  using Net = Sequential<Input<12, 8>, Masked<0, Dense<6>, ReLU>>;
  static_assert(edge::quantized_plan<Net>.count == 1);  // nobody reads a mask, and none is made
  static_assert(std::is_same_v<refusal<in_int8, Sequential<Input<3, 5, 8>, TimeDistributed<Masked<0, Dense<8>>>>>,
                               cannot_run<layer<path<0>, Masked<0, Dense<8>>>, in_int8>>);
}

TEST_CASE("tokens that are padding are seen by nothing in int8") {
  using Source = Sequential<Masked<3, Embedding<300, 8>, Residual<MultiheadAttention<2>>>>;
  using Net = Sequential<Input<9>, Masked<3, SplitAt<5, Source, Sequential<Take<0, 3, 1, 0, 2>, Embedding<300, 8>>>,
                                          Residual<AdditiveAttention<6, 5>>, MeanSteps>>;
  const Model<Net> model{3};
  Stream random(3, Purpose::user);
  std::vector<float> tokens(9 * 30);
  for (std::size_t i = 0; i < tokens.size(); ++i)  // 259 is a byte of 3 and one that is none
    tokens[i] = i % 9 > i / 9 % 9 ? 3 : i % 4 == 0 ? 259 : std::floor(random.uniform<float>(0, 299.9F));
  const Dataset<float> data{{9}, std::move(tokens)};
  DataLoader<float> loader{data, 10, 1};
  const auto numbers = quantize(model, loader);
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*numbers));
  Quantized<Net> net{*tables};
  std::array<float, 8> exact{}, got{};
  for (std::size_t sample = 0; sample < 30; ++sample) {
    const std::span<const float, 9> x = data.sample(sample).first<9>();
    model.predict(x, exact);
    net(x, std::span(got));
    for (std::size_t i = 0; i < 8; ++i) CHECK(std::abs(got[i] - exact[i]) < 4 * net.output_scale());
  }
  const auto report = quantization_report(model, *numbers, loader);
  CHECK(report.layers.size() == 12);  // all that are computed but the sequence of which a part is the memory's zeros
}

TEST_CASE("attention in int8 one step at a time gives the bytes of the whole sequence") {
  using Net = Sequential<Input<9>, Embedding<300, 8>, LearnedPositionalEmbedding<>, SinusoidalPositionalEncoding<>,
                         Residual<LayerNorm<>, MultiheadAttention<2, causal, rope<>>>,
                         Residual<LayerNorm<>, Dense<10>, ReLU, Dense<8>>, Residual<MultiheadAttention<1, causal>>,
                         Dense<3>>;
  const Model<Net> model{3};
  Stream random(3, Purpose::user);
  std::vector<float> tokens(9 * 30);
  for (float& token : tokens) token = std::floor(random.uniform<float>(0, 299.9F));
  const Dataset<float> data{{9}, std::move(tokens)};
  DataLoader<float> loader{data, 10, 1};
  const auto numbers = quantize(model, loader);
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*numbers));
  const auto step_tables = std::make_unique<edge::QuantizedTables<Stepwise<Net>>>(
      edge::make_step_tables<Net>(*numbers));
  Quantized<Net> whole{*tables};
  QuantizedStepwise<Net> steps{*step_tables};
  std::vector<float> exact(27);
  std::array<float, 27> expected{};
  std::array<float, 3> y{}, last{};
  for (std::size_t sample = 0; sample < 10; ++sample) {
    const std::span<const float, 9> x = data.sample(sample).first<9>();
    model.predict(x, exact);
    whole(x, std::span(expected));
    steps.reset();
    for (std::size_t t = 0; t < 9; ++t) {
      const std::array<float, 1> token{x[t]};
      steps.step(token, y);
      for (std::size_t i = 0; i < 3; ++i) {
        CHECK(y[i] == expected[3 * t + i]);
        CHECK(std::abs(y[i] - exact[3 * t + i]) < 5 * whole.output_scale());
      }
    }
    // one step too many takes the last one's place, and numbers of 16 bits are taken as they are
    last = y;
    const std::array<float, 1> again{x[8]};
    steps.step(again, y);
    CHECK(y == last);
    steps.set_token(static_cast<std::uint16_t>(x[8]));
    steps.step();
    CHECK(steps.output_scale() * static_cast<float>(steps.output()[2] - steps.output_zero()) == last[2]);
  }
}

TEST_CASE("where in int8 is the float layer but for one rounding") {
  using Alike = Graph<In<"c", 6>, In<"a", 6>, In<"b", 6>, Node<"y", Where, "c", "a", "b">, Out<"y">>;
  using Spread = Graph<In<"a", 4, 3, 2>, In<"b", 1>, In<"c", 4>, Node<"y", Where, "c", "a", "b">, Out<"y">>;
  using Formula = Graph<In<"a", 5>, In<"b", 5>, In<"c", 5>,
                        Node<"y", Map<select(in<"c">, in<"a">, tanh(in<"b">))>, "a", "b", "c">, Out<"y">>;
  CHECK(choice_apart<Alike, 6>(0) < 0.51F);
  CHECK(choice_apart<Spread, 4>(25) < 0.51F);
  CHECK(choice_apart<Formula, 5>(10) < 1.1F);  // a table and a choice
}

TEST_CASE("scores of tokens by an embedding's table in int8, which is there once") {
  using Words = Embedding<11, 8>;
  using Net = Sequential<Input<5>, Words, Tied<Words>>;
  constexpr const auto& plan = edge::quantized_plan<Net>;
  static_assert(plan.weight_bytes == 88 && plan.count == 2);
  Model<Net> model{4};
  std::vector<float> tokens(40 * 5);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<float>(i * 7 % 11);
  const Dataset<float> data({5}, std::move(tokens));
  DataLoader<float> loader{data, 8, 1};
  const auto numbers = quantize(model, loader);
  const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*numbers));
  REQUIRE(tables->sums_fit);
  const auto net = std::make_unique<Quantized<Net>>(*tables);
  // the formula with the weights that int8 has
  const auto weight = [&](std::size_t token, std::size_t j) {
    return static_cast<double>(numbers->scale[1]) * (numbers->weights[token * 8 + j] - numbers->zero[1]);
  };
  double worst = 0;
  for (std::size_t sample = 0; sample < 20; ++sample) {
    std::vector<float> x(data.sample(sample).begin(), data.sample(sample).end()), y(55), got(55);
    model.predict(x, y);
    (*net)(std::span<const float, 5>(x.data(), 5), std::span<float, 55>(got.data(), 55));
    for (std::size_t i = 0; i < 55; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < 8; ++j) sum += weight(static_cast<std::size_t>(x[i / 11]), j) * weight(i % 11, j);
      const double step = static_cast<double>(net->output_scale()), most = (127.0 - net->output_zero()) * step,
                   least = (-128.0 - net->output_zero()) * step;
      worst = std::max(worst, std::abs(static_cast<double>(got[i]) - std::clamp(sum, least, most)) / step);
      CHECK(std::abs(got[i] - y[i]) < 4 * net->output_scale());
    }
  }
  CHECK(worst < 0.51);
}
