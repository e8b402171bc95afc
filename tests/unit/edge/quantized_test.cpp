#include <catch2/catch.hpp>

#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/relu6.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/networks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

using namespace tenon;

namespace {

// Odd sizes, so that rows and columns are filled up; nested, reshaped, with and without a bias.
using Net = Sequential<Input<1, 3, 5>, Flatten,
                       Named<"body", Sequential<Dense<11>, ReLU, Dropout<0.5>, Dense<7, bias<false>>, ReLU6>>, Dense<9>,
                       Softmax>;
constexpr const edge::QuantizedPlan& plan = edge::quantized_plan<Net>;

Dataset<float> samples(std::size_t count, float low, float high) {
  Stream random(11, Purpose::user);
  std::vector<float> values(count * 15);
  for (float& v : values) v = random.uniform<float>(low, high);
  return {{1, 3, 5}, std::move(values)};
}

struct Rig {
  Model<Net> model{6};
  Dataset<float> data = samples(200, -1, 2);
  DataLoader<float> loader{data, 32, 1};
  std::unique_ptr<QuantizedNumbers<Net>> numbers;
  std::unique_ptr<edge::QuantizedTables<Net>> tables;

  Rig() {
    for (float& w : model.get<"body.0.weight">()) w *= 4;
    numbers = quantize(model, loader);
    tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*numbers));
  }
  double weight(std::size_t k, std::size_t row, std::size_t column) const {
    return numbers->weights[plan.steps[k].weights + kernels::packed_place(row, column, plan.steps[k].in)];
  }
};

std::int8_t random_byte(Stream& random) {
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(random.next() >> 24));
}

}  // namespace

TEST_CASE("the plan of an int8 network follows from its type") {
  STATIC_REQUIRE(plan.fits);
  STATIC_REQUIRE(plan.count == 4);
  STATIC_REQUIRE(plan.steps[1].pattern.high == 6);
  STATIC_REQUIRE_FALSE(plan.steps[1].pattern.has_bias);
  STATIC_REQUIRE(plan.steps[2].pattern.low < 0);
  STATIC_REQUIRE(Quantized<Net>::ram_bytes == 16 + 12);
  STATIC_REQUIRE(Quantized<Net>::weight_bytes == 16 * 12 + 12 * 8 + 8 * 12);
  STATIC_REQUIRE(Quantized<Net>::macs == 15 * 11 + 11 * 7 + 7 * 9);
  STATIC_REQUIRE(edge::quantized_plan<Sequential<Dense<4, 4>, LayerNorm<>>>.count == 2);
  STATIC_REQUIRE_FALSE(edge::quantized_plan<Sequential<Input<1, 4, 4>, Conv2D<2, 3>, LogSoftmax>>.fits);
  STATIC_REQUIRE(edge::quantized_plan<Sequential<Dense<4, 4>, Softmax, Dense<4>>>.count == 3);
}

TEST_CASE("weights are symmetric per row, activations have a number for zero") {
  const Rig rig;
  for (std::size_t k = 0; k + 1 < plan.count; ++k)
    for (std::size_t o = 0; o < plan.steps[k].out; ++o) {
      double largest = 0;
      for (std::size_t i = 0; i < plan.steps[k].in; ++i) largest = std::max(largest, std::abs(rig.weight(k, o, i)));
      CHECK(largest == 127);
    }
  const auto weight = rig.model.get<"body.0.weight">();
  for (std::size_t o = 0; o < 11; ++o)
    for (std::size_t i = 0; i < 15; ++i) {
      const double scale = static_cast<double>(rig.numbers->weight_scale[o]);
      CHECK(std::abs(rig.weight(0, o, i) * scale - static_cast<double>(weight(o, i))) <= scale * 0.5001);
    }
  // A ReLU leaves nothing below zero, so zero is the lowest number; the input reaches from -1 to 2.
  CHECK(rig.numbers->zero[1] == -128);
  CHECK(rig.numbers->zero[2] == -128);
  CHECK(rig.numbers->zero[0] == -43);
  CHECK(rig.numbers->scale[0] == Approx(3.0 / 255).epsilon(0.01));
  CHECK(rig.numbers->zero[4] == -128);
  CHECK(rig.numbers->scale[4] == 1.0F / 256);
}

TEST_CASE("an int8 network computes what its numbers say") {
  const Rig rig;
  Quantized<Net> net{*rig.tables};
  const auto& q = *rig.numbers;
  Stream random(1, Purpose::user);
  std::size_t off_by_one = 0, values = 0;
  for (int sample = 0; sample < 50; ++sample) {
    std::vector<double> x(15);
    for (std::size_t i = 0; i < 15; ++i)
      x[i] = static_cast<double>(q.scale[0]) * ((net.input()[i] = random_byte(random)) - q.zero[0]);
    net.run();
    // The same in exact arithmetic, rounded to int8 after every step.
    for (std::size_t k = 0; k < 3; ++k) {
      const edge::QuantizedStep& step = plan.steps[k];
      std::vector<double> y(step.out);
      for (std::size_t o = 0; o < step.out; ++o) {
        const double scale = static_cast<double>(q.weight_scale[step.row + o]);
        double sum = q.bias[step.row + o] * static_cast<double>(q.scale[k]) * scale;
        for (std::size_t i = 0; i < step.in; ++i) sum += rig.weight(k, o, i) * scale * x[i];
        sum = std::clamp(sum, step.pattern.low, step.pattern.high);
        const double out_scale = static_cast<double>(q.scale[k + 1]);
        y[o] = (std::clamp(std::floor(sum / out_scale + 0.5) + q.zero[k + 1], -128.0, 127.0) - q.zero[k + 1]) *
               out_scale;
      }
      x = y;
    }
    double total = 0;
    const double largest = *std::max_element(x.begin(), x.end());
    for (const double v : x) total += std::exp(v - largest);
    for (std::size_t i = 0; i < 9; ++i, ++values) {
      const double expected = std::exp(x[i] - largest) / total * 256 - 128;
      CHECK(std::abs(net.output()[i] - std::min(expected, 127.0)) <= 1.01);
      off_by_one += std::abs(net.output()[i] - std::min(std::round(expected), 127.0)) > 0.5 ? 1 : 0;
    }
  }
  CHECK(off_by_one <= values / 50);  // only what lies next to a half
}

TEST_CASE("an int8 network is close to its float model") {
  Rig rig;
  Quantized<Net> net{*rig.tables};
  std::vector<float> expected(9), output(9);
  for (std::size_t s = 0; s < 50; ++s) {
    const auto x = rig.data.sample(s);
    rig.model.predict(x, expected);
    net(x.first<15>(), std::span<float, 9>(output));
    for (std::size_t i = 0; i < 9; ++i) CHECK(std::abs(output[i] - expected[i]) <= 0.03F);
    const auto best = std::max_element(output.begin(), output.end());
    CHECK(output[static_cast<std::size_t>(net.classify(x.first<15>()))] == *best);
  }
}

TEST_CASE("vector instructions give what the portable loop gives") {
  Stream random(2, Purpose::user);
  alignas(4) std::int8_t w[16 * 33], x[4 * 33];
  for (int round = 0; round < 40; ++round) {
    const bool extreme = round == 0;
    for (std::int8_t& v : w) v = extreme ? std::int8_t{-127} : random_byte(random);
    for (std::int8_t& v : x) v = extreme ? std::int8_t{-128} : random_byte(random);
    const std::size_t groups = static_cast<std::size_t>(round % 34);
    kernels::FourSums fast{{1, -2, 3, -4}}, plain = fast;
    kernels::add_products(w, x, groups, fast);
    kernels::detail::add_portable(w, x, groups, plain);
    for (int r = 0; r < 4; ++r) CHECK(fast.of[r] == plain.of[r]);
  }
}

TEST_CASE("a multiplier is the nearest 31-bit one") {
  for (const double real : {1e-6, 0.003, 0.25, 0.5, 0.9999999999, 1.0, 3.7}) {
    const kernels::Requantizer r = edge::requantizer(real);
    CHECK(static_cast<double>(r.multiplier) / std::exp2(33 + r.shift) == Approx(real).epsilon(1e-8));
    for (const std::int32_t sum : {0, 1, -1, 1000, -1000, 123456789})
      CHECK(std::abs(r(sum) - sum * real) <= 0.5 + 1e-8 * std::abs(sum * real));
  }
  CHECK(edge::requantizer(0.5)(3) == 2);  // halves upward
  CHECK(edge::requantizer(0.5)(-3) == -1);
}

TEST_CASE("a bias beside which the weights are nothing is kept") {
  using Small = Sequential<Dense<1, 2>>;
  Model<Small> small{1};
  small.get<"0.weight">().fill(1e-8F);
  small.get<"0.bias">().fill(2);
  small.get<"0.bias">()(1) = -0.5F;
  const Dataset<float> numbers{{1}, {-1, 0, 0.5F, 1}};
  DataLoader<float> loader{numbers, 4, 1};
  const auto tables = std::make_unique<edge::QuantizedTables<Small>>(edge::make_tables(*quantize(small, loader)));
  REQUIRE(tables->sums_fit);
  Quantized<Small> net{*tables};
  std::vector<float> y(2);
  net(std::array<float, 1>{0.5F}, std::span<float, 2>(y.data(), 2));
  CHECK(std::abs(y[0] - 2) <= net.output_scale());
  CHECK(std::abs(y[1] + 0.5F) <= net.output_scale());

  using Normal = Sequential<Input<1, 4, 4>, Conv2D<1, 3, bias<false>>, BatchNorm2D<>, ReLU>;
  Model<Normal> normal{1};
  normal.get<"1.weight">().fill(1e-5F);
  normal.get<"1.bias">().fill(0.5F);
  const auto folded = fold(normal);
  using Folded = typename std::remove_cvref_t<decltype(folded)>::network;
  Stream stream{1};
  std::vector<float> pixels(16 * 8);
  for (float& v : pixels) v = stream.uniform<float>(-1, 1);
  const Dataset<float> images{{1, 4, 4}, pixels};
  DataLoader<float> image_loader{images, 8, 1};
  const auto folded_tables = std::make_unique<edge::QuantizedTables<Folded>>(
      edge::make_tables(*quantize(folded, image_loader)));
  REQUIRE(folded_tables->sums_fit);
  Quantized<Folded> image_net{*folded_tables};
  std::array<float, 4> map{};
  image_net(std::span<const float, 16>(pixels.data(), 16), map);
  for (const float v : map) CHECK(std::abs(v - 0.5F) <= image_net.output_scale());
}

TEST_CASE("a row that may exceed 32 bits is found") {
  Rig rig;
  CHECK(rig.tables->sums_fit);
  rig.numbers->bias[3] = 2147483647 - 100;
  CHECK_FALSE(edge::make_tables(*rig.numbers).sums_fit);
}

TEST_CASE("quantize says what it cannot work with") {
  using Catch::Matchers::Contains;
  Rig rig;
  CHECK_THROWS_WITH(quantize(rig.model, rig.loader), Contains("the loader is at the end of its epoch"));
  const Dataset<float> small{{2}, {1, 2}};
  DataLoader<float> wrong{small, 1, 1};
  CHECK_THROWS_WITH(quantize(rig.model, wrong), Contains("expected samples of 15 numbers, got 2"));
  rig.loader.start_epoch(1);
  rig.model.get<"body.0.weight">()(0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(quantize(rig.model, rig.loader), Contains("expected finite"));
}
