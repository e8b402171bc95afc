#include <catch2/catch.hpp>

#include <tenon/edge/quantized_stepwise.hpp>
#include <tenon/layers/conv1d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/rnn.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/model/quantization_report.hpp>
#include <tenon/net/networks.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

using namespace tenon;

namespace {

/// Whether a recurrent layer has a mask of where sequences end.
template <class N>
constexpr bool has_masked_pass = [] {
  constexpr const auto& plan = edge::quantized_plan<N>;
  bool any = false;
  for (std::size_t k = 0; k < plan.count; ++k) any = any || plan.steps[k].is_masked_pass();
  return any;
}();

template <class N>
struct Int8 {
  Model<N> model;
  Dataset<float> data;
  std::unique_ptr<QuantizedNumbers<N>> numbers;
  std::unique_ptr<edge::QuantizedTables<N>> tables;

  explicit Int8(std::uint64_t seed, float factor = 1, float bias = 0) : model{seed} {
    std::vector<float> values(64 * input_shape<N>::size);
    Stream random(seed, Purpose::user);
    for (float& v : values) v = random.uniform<float>(-1, 2);
    if (has_masked_pass<N>)  // sequences of 0 to all steps
      for (std::size_t sample = 0, whole = input_shape<N>::size; sample < 64; ++sample)
        for (std::size_t i = sample * 7 % 41 * input_shape<N>::inner; i < whole; ++i) values[sample * whole + i] = 0;
    for (std::size_t i = 0; i < model.parameters().size(); ++i) model.parameters().data()[i] *= factor;
    if (bias > 0)
      for (const ParameterEntry& entry : parameter_table<N>)
        if (entry.name.find("bias") != entry.name.npos)
          for (float& p : model.values(entry)) p = random.uniform<float>(-bias, bias);
    const auto& dims = input_shape<N>::dims;
    data = Dataset<float>({dims.begin(), dims.end()}, std::move(values));
    DataLoader<float> loader{data, 16, 1};
    numbers = quantize(model, loader);
    tables = std::make_unique<edge::QuantizedTables<N>>(edge::make_tables(*numbers));
    REQUIRE(tables->sums_fit);
  }
};

struct Apart {
  float largest = 0, mean = 0;  // in steps of the output
};

/// Differences from the float model over several seeds, on the samples that calibrated it.
template <class N>
Apart apart(float factor = 1, float bias = 0) {
  constexpr std::size_t in = input_shape<N>::size, out = output_shape<N>::size;
  Apart all;
  std::size_t count = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    const Int8<N> q(seed, factor, bias);
    Quantized<N> net{*q.tables};
    std::vector<float> x(in), y(out);
    for (std::size_t sample = 0; sample < 16; ++sample) {
      for (std::size_t i = 0; i < in; ++i) {
        net.input()[i] = edge::to_int8(q.data.sample(sample)[i], net.input_scale(), net.input_zero());
        x[i] = net.input_scale() * static_cast<float>(net.input()[i] - net.input_zero());
      }
      q.model.predict(x, y);
      net.run();
      for (std::size_t i = 0; i < out; ++i, ++count) {
        const float error = std::abs(static_cast<float>(net.output()[i] - net.output_zero()) -
                                     y[i] / net.output_scale());
        all.largest = std::max(all.largest, error);
        all.mean += error;
      }
    }
  }
  all.mean /= static_cast<float>(count);
  return all;
}
template <class N>
void check_apart(float largest, float mean, float factor = 1, float bias = 0) {
  const Apart found = apart<N>(factor, bias);
  INFO(type_name<N>() << ": largest " << found.largest << ", mean " << found.mean);
  CHECK(found.largest < largest);
  CHECK(found.mean < mean);
}

template <class Layer>
using Alone = Sequential<Input<40, 5>, Layer>;

// what int8 does not have is refused by name
template <class L>
inline constexpr bool is_refused = std::is_same_v<refusal<in_int8, Alone<L>>, cannot_run<layer<path<0>, L>, in_int8>>;
static_assert(is_refused<LSTM<4, peepholes, litert_int8>>);  // which LiteRT does not have
static_assert(!is_refused<RNN<4, nonlinearity<Tanh>>> && is_refused<LSTM<4, litert_int8, stateful>>);

/// Whole sequences and their steps give the same bytes.
template <class N>
void check_steps() {
  constexpr std::size_t steps = input_shape<N>::front, in = input_shape<N>::size / steps,
                        out = output_shape<N>::size / steps;
  const Int8<N> q(3);
  const auto step_tables = std::make_unique<edge::QuantizedTables<Stepwise<N>>>(edge::make_step_tables(*q.numbers));
  REQUIRE(step_tables->sums_fit);
  Quantized<N> whole{*q.tables};
  QuantizedStepwise<N> stepped{*step_tables};
  CHECK(stepped.ram_bytes < whole.ram_bytes);
  CHECK(stepped.weight_bytes == whole.weight_bytes);
  bool moves = false;
  for (std::size_t sample = 0; sample < 4; ++sample) {
    std::vector<std::int8_t> x(steps * in);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = edge::to_int8(q.data.sample(sample)[i], whole.input_scale(), whole.input_zero());
    std::copy(x.begin(), x.end(), whole.input().begin());
    whole.run();
    stepped.reset();
    for (std::size_t t = 0; t < steps; ++t) {
      std::copy_n(x.data() + t * in, in, stepped.input().begin());
      stepped.step();
      CHECK(std::equal(stepped.output().begin(), stepped.output().end(), whole.output().data() + t * out));
      const std::int8_t* const first = whole.output().data();
      moves = moves || !std::equal(first, first + out, first + t * out);
    }
  }
  CHECK(moves);
}

/// A whole signal and its steps give the same bytes from where the convolutions have seen enough.
template <class N>
void check_signal() {
  constexpr std::size_t channels = input_shape<N>::front, steps = input_shape<N>::inner, out = output_shape<N>::front,
                        given = output_shape<N>::inner;
  const Int8<N> q(4);
  const auto step_tables = std::make_unique<edge::QuantizedTables<Stepwise<N>>>(edge::make_step_tables(*q.numbers));
  Quantized<N> whole{*q.tables};
  QuantizedStepwise<N> stepped{*step_tables};
  CHECK(stepped.ram_bytes < whole.ram_bytes);
  for (std::size_t sample = 0; sample < 4; ++sample) {
    for (std::size_t i = 0; i < channels * steps; ++i)
      whole.input()[i] = edge::to_int8(q.data.sample(sample)[i], whole.input_scale(), whole.input_zero());
    const std::vector<std::int8_t> x(whole.input().begin(), whole.input().end());
    whole.run();
    stepped.reset();
    for (std::size_t t = 0; t < steps; ++t) {
      for (std::size_t c = 0; c < channels; ++c) stepped.input()[c] = x[c * steps + t];
      stepped.step();
      if (t + given < steps) continue;  // convolutions still look at what was before the signal
      const std::int8_t* const expected = whole.output().data() + (t + given - steps) * out;
      CHECK(std::equal(stepped.output().begin(), stepped.output().end(), expected));
    }
  }
}

/// In front of a signal are zeros: one convolution that is given zeros says the same at every step, from the first on.
template <class N>
void check_beginning() {
  const Int8<N> q(4);
  const auto step_tables = std::make_unique<edge::QuantizedTables<Stepwise<N>>>(edge::make_step_tables(*q.numbers));
  QuantizedStepwise<N> stepped{*step_tables};
  std::vector<std::int8_t> first;
  for (std::size_t t = 0; t < input_shape<N>::inner; ++t) {
    for (std::int8_t& number : stepped.input()) number = static_cast<std::int8_t>(stepped.input_zero());
    stepped.step();
    if (t == 0) first.assign(stepped.output().begin(), stepped.output().end());
    CHECK(std::equal(first.begin(), first.end(), stepped.output().begin()));
  }
}

}  // namespace

TEST_CASE("the tables of sigmoid and tanh are right to a few steps of 16 bits") {
  for (int x = -32768; x <= 32767; x += 7) {
    const double real = x / 4096.0;
    CHECK(std::abs(edge::sigmoid_curve(x) / 32768.0 - 1 / (1 + std::exp(-real))) < 1e-4);
    CHECK(std::abs(edge::tanh_curve(x) / 32768.0 - std::tanh(real)) < 5e-4);
    CHECK(std::abs(kernels::fixed_point::sigmoid(x) / 32768.0 - 1 / (1 + std::exp(-real))) < 3e-4);
    for (const int bits : {0, 1, 3, 6})
      CHECK(std::abs(kernels::fixed_point::tanh(x, bits) / 32768.0 - std::tanh(std::ldexp(x, bits - 15))) < 5e-4);
  }
}

TEST_CASE("recurrent layers in int8 stay within a few steps of the float layer over a sequence") {
  check_apart<Alone<LSTM<7>>>(2.5F, 0.5F);
  check_apart<Alone<GRU<7>>>(2.5F, 0.5F);
  check_apart<Alone<GRU<7, linear_before_reset<false>>>>(2.5F, 0.5F);
  check_apart<Alone<RNN<7>>>(2.5F, 0.5F);
  check_apart<Alone<LSTM<8, bias<false>, last>>>(2.5F, 0.5F);
  check_apart<Alone<GRU<8, bidirectional>>>(2.5F, 0.5F);
  check_apart<Alone<RNN<6, bidirectional, last>>>(2.5F, 0.5F);
  check_apart<Alone<LSTM<6, layers<2>, bidirectional, dropout<0.2>>>>(2.5F, 0.5F);
  check_apart<Alone<LSTM<7, cell_clip<0.125>>>>(4, 0.5F);  // of smaller numbers, so the steps are smaller
  check_apart<Alone<LSTM<7, litert_int8>>>(2.5F, 0.5F);
  check_apart<Alone<RNN<6, nonlinearity<Sigmoid>>>>(2.5F, 0.5F);
}

TEST_CASE("an RNN with ReLU in int8 has the range of its numbers") {
  check_apart<Alone<RNN<7, nonlinearity<ReLU>>>>(2.5F, 0.5F);
  check_apart<Alone<RNN<6, nonlinearity<ReLU>, layers<2>, bidirectional>>>(3, 0.6F);
  check_apart<Alone<RNN<2, nonlinearity<ReLU>>>>(3, 0.6F, 1, 20);  // beyond what 12 bits behind the point leave
}

TEST_CASE("sequences in int8 end where nothing but padding follows") {
  static_assert(has_masked_pass<Alone<GRU<7, mask<0>>>> && !has_masked_pass<Alone<GRU<7>>>);
  check_apart<Alone<LSTM<7, mask<0>>>>(2.5F, 0.5F);
  check_apart<Alone<GRU<7, mask<0>, last>>>(2.5F, 0.5F);
  check_apart<Alone<RNN<6, mask<0>, bidirectional, last>>>(2.5F, 0.5F);
  check_apart<Alone<LSTM<6, layers<2>, mask<0>, bidirectional>>>(2.5F, 0.5F);
  check_apart<Alone<RNN<6, mask<0>, nonlinearity<ReLU>, bidirectional>>>(2.5F, 0.5F);
}

TEST_CASE("peepholes in int8 stay within a few steps of the float layer") {
  check_apart<Alone<LSTM<7, peepholes>>>(4, 0.5F);
  check_apart<Alone<LSTM<7, diagonal_peepholes>>>(2.5F, 0.5F);
  check_apart<Alone<LSTM<7, diagonal_peepholes, litert_int8>>>(2.5F, 0.5F);
  check_apart<Alone<LSTM<6, layers<2>, bidirectional, peepholes, bias<false>>>>(2.5F, 0.5F);
  check_apart<Alone<LSTM<6, layers<2>, bidirectional, diagonal_peepholes, cell_clip<0.5>>>>(4, 0.5F);
  check_apart<Alone<LSTM<7, peepholes>>>(8, 0.6F, 2, 5);
  check_apart<Alone<LSTM<7, diagonal_peepholes>>>(8, 0.6F, 4, 5);
}

TEST_CASE("large gates, biases and cell states saturate nothing that the float layer does not") {
  // shares of gates beyond 8, which add up to less
  check_apart<Alone<GRU<7>>>(6, 0.5F, 4, 20);
  check_apart<Alone<LSTM<7>>>(6, 0.5F, 4, 20);

  // an integrator: the gates are open, the candidate is 1, and the cell state counts the steps
  using Counter = Sequential<Input<40, 1>, LSTM<1>>;
  Model<Counter> model{1};
  for (const ParameterEntry& entry : parameter_table<Counter>) {
    const auto values = model.values(entry);
    std::fill(values.begin(), values.end(), 0.0F);
    if (entry.name.find("bias_ih") == entry.name.npos) continue;
    values[0] = values[1] = 9;  // in and forget
    values[2] = 3;
  }
  for (const ParameterEntry& entry : parameter_table<Counter>)
    if (entry.name.find("weight_ih") != entry.name.npos) model.values(entry)[1] = -30;  // x = 1 clears the memory
  std::vector<float> values(40, 0.0F);
  values[36] = values[37] = 0.36667F;  // an eighth of the memory remains, and of that an eighth
  const Dataset<float> data({40, 1}, values);
  DataLoader<float> loader{data, 1, 1};
  const auto q = quantize(model, loader);
  CHECK(q->cell_bits[0] < 12);
  CHECK(q->gate_bits[0] < 12);
  const auto tables = std::make_unique<edge::QuantizedTables<Counter>>(edge::make_tables(*q));
  Quantized<Counter> net{*tables};
  std::vector<float> expected(40), given(40);
  model.predict(values, expected);
  net(std::span<const float, 40>(values), std::span<float, 40>(given));
  for (std::size_t t = 0; t < 40; ++t) CHECK(std::abs(given[t] - expected[t]) < 3 * net.output_scale());
}

TEST_CASE("recurrent layers go with other layers in int8") {
  check_apart<Sequential<Input<20, 5>, Dense<6>, LayerNorm<>, GRU<8>, Dense<4>, Sigmoid>>(3, 0.6F);
  check_apart<Sequential<Input<20, 5>, LSTM<8>, Last, Dense<4>>>(3, 0.6F);
  check_apart<Sequential<Input<20, 8>, Residual<GRU<8>>, GRU<8, bidirectional>, Dense<3>>>(3, 0.6F);
}

TEST_CASE("a network in int8 gives the same bytes step by step as for the whole sequence") {
  check_signal<
      Sequential<Input<3, 30>, Conv1D<6, 4>, Tanh, Conv1D<6, 3, dilation<3>, groups<6>>, ReLU, Conv1D<5, 1>>>();
  check_beginning<Sequential<Input<3, 12>, Conv1D<6, 4>>>();
  check_beginning<Sequential<Input<4, 12>, Conv1D<4, 3, groups<4>>>>();
  check_signal<Sequential<Input<1, 20>, Conv1D<4, 5>, ReLU, Conv1D<4, 3, groups<2>>, Sigmoid>>();
  check_steps<Sequential<Input<20, 5>, GRU<6>>>();
  check_steps<Sequential<Input<20, 5>, LSTM<7, layers<2>>, ReLU, Dense<4>>>();
  check_steps<Sequential<Input<20, 5>, LSTM<6, peepholes>, LSTM<7, diagonal_peepholes>>>();
  check_steps<Sequential<Input<20, 8>, Dense<8>, LayerNorm<>, Residual<GRU<8, linear_before_reset<false>>>, RNN<4>,
                         Dense<3>, Sigmoid>>();
}

namespace {

using Gestures = Sequential<Input<3, 2>, GRU<1>, LSTM<2>>;
constexpr QuantizedNumbers<Gestures> numbers = [] {
  QuantizedNumbers<Gestures> q;
  int next = 0;
  for (std::int8_t& w : q.weights) w = static_cast<std::int8_t>((next += 37) % 255 - 127);
  for (float& scale : q.weight_scale) scale = 0.01F;
  for (float& scale : q.scale) scale = 1.0F / 127;
  for (std::int8_t& bits : q.gate_bits) bits = 12;
  for (std::int8_t& bits : q.cell_bits) bits = 14;
  return q;
}();
constexpr std::int8_t gesture[]{100, -60, 70, -10, 40, 40};

/// The last number that three steps give.
constexpr std::int8_t run_steps(const std::int8_t* x) {
  QuantizedStepwise<Gestures, numbers> net;
  for (std::size_t t = 0; t < 3; ++t) {
    net.input()[0] = x[2 * t];
    net.input()[1] = x[2 * t + 1];
    net.step();
  }
  return net.output()[1];
}

}  // namespace

TEST_CASE("the compiler runs a recurrent network in int8 as the machine does") {
  constexpr std::int8_t known = run_steps(gesture);
  CHECK(known != 0);
  const std::vector<std::int8_t> now(gesture, gesture + 6);
  CHECK(run_steps(now.data()) == known);
  Quantized<Gestures, numbers> whole;
  std::copy(now.begin(), now.end(), whole.input().begin());
  whole.run();
  CHECK(whole.output()[5] == known);
}

TEST_CASE("the report has a line for every recurrent layer") {
  using N = Sequential<Input<20, 5>, GRU<8, layers<2>>, Dense<3>>;
  const Int8<N> q(2);
  DataLoader<float> loader{q.data, 16, 1};
  const QuantizationReport report = quantization_report(q.model, *q.numbers, loader);
  REQUIRE(report.layers.size() == 3);
  for (const auto& layer : report.layers) {
    INFO(layer.name);
    CHECK(layer.sqnr > 20);
    CHECK(layer.own_sqnr >= layer.sqnr - 1);
  }
}
