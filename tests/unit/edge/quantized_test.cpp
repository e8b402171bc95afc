#include <catch2/catch.hpp>

#include <tenon/layers/batch_norm.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/l2_normalize.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/log_softmax.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/relu6.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/model/copy_parameters.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/freeze.hpp>
#include <tenon/net/networks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
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
  STATIC_REQUIRE_FALSE(edge::quantized_plan<Sequential<Input<1, 4, 4>, Conv2D<2, 3>, L2Normalize<>>>.fits);
  STATIC_REQUIRE(edge::quantized_plan<Sequential<Dense<4, 4>, LogSoftmax>>.ends_in_softmax());
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

TEST_CASE("an input's range may be given, and bytes of a camera are its int8 numbers") {
  Rig rig;
  rig.loader.start_epoch(0);
  rig.numbers = quantize(rig.model, rig.loader, {.input_ranges = {{0, 1}}});
  CHECK(rig.numbers->scale[0] == 1.0F / 255);
  CHECK(rig.numbers->zero[0] == -128);
  *rig.tables = edge::make_tables(*rig.numbers);
  Quantized<Net> net{*rig.tables}, other{*rig.tables};
  std::array<std::uint8_t, 15> bytes{};
  std::array<float, 15> x{};
  for (std::size_t i = 0; i < 15; ++i) {
    bytes[i] = static_cast<std::uint8_t>(255 - 17 * i);
    x[i] = static_cast<float>(bytes[i]) / 255;
  }
  other(x);
  net.set_bytes(std::span(std::as_const(bytes)));
  for (std::size_t i = 0; i < 15; ++i) CHECK(net.input()[i] == edge::to_int8(x[i], net.input_scale(), -128));
  net.run();
  CHECK(std::ranges::equal(net.output(), other.output()));
  // where they lie already
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::uint8_t*>(net.input().data()));
  net.set_bytes(std::span<const std::uint8_t, 15>(reinterpret_cast<const std::uint8_t*>(net.input().data()), 15));
  net.run();
  CHECK(std::ranges::equal(net.output(), other.output()));

  const auto refused = [&](std::vector<ValueRange> ranges, const char* words) {
    rig.loader.start_epoch(0);
    CHECK_THROWS_WITH(quantize(rig.model, rig.loader, {.input_ranges = std::move(ranges)}),
                      Catch::Matchers::Contains(words));
  };
  refused({{0, 1}, {0, 1}}, "a range for each of 1 inputs, got 2");
  refused({{0.5F, 1}}, "with zero in it, got 0.5 .. 1");
  refused({{0, 0}}, "with zero in it");
  refused({{0, std::numeric_limits<float>::infinity()}}, "with zero in it");
}

TEST_CASE("parts that are frozen have the int8 numbers that they have otherwise") {
  // with a part frozen within one that is, statistics behind a frozen one, and what learns in between
  using Plain = Sequential<Input<2, 4, 4>, Sequential<Conv2D<3, 3>, BatchNorm2D<>, Residual<Conv2D<3, 1>>>,
                           Conv2D<4, 1>, BatchNorm2D<>, Tanh, Flatten, Dense<5>, ReLU, Dense<4>>;
  using Part = Sequential<Input<2, 4, 4>,
                          Freeze<Sequential<Conv2D<3, 3>, BatchNorm2D<>, Residual<Freeze<Conv2D<3, 1>>>>>, Conv2D<4, 1>,
                          BatchNorm2D<>, Tanh, Flatten, Freeze<Dense<5>>, ReLU, Dense<4>>;
  Model<Plain> plain{3};
  Model<Part> part{4};
  copy_parameters(plain, part);
  Stream random(11, Purpose::user);
  std::vector<float> values(32 * 20);
  for (float& v : values) v = random.uniform<float>(-1, 1);
  const Dataset<float> images{{2, 4, 4}, values};
  DataLoader<float> loader{images, 10, 1};
  const auto expected = quantize(plain, loader);
  loader.start_epoch(0);
  const auto got = quantize(part, loader);
  constexpr const edge::QuantizedPlan& p = edge::quantized_plan<Plain>;
  STATIC_REQUIRE(edge::quantized_plan<Part>.count == p.count);
  CHECK(std::ranges::equal(got->weights, expected->weights));
  CHECK(std::ranges::equal(got->bias, expected->bias));
  CHECK(std::ranges::equal(got->weight_scale, expected->weight_scale));
  CHECK(std::ranges::equal(got->scale, expected->scale));
  CHECK(std::ranges::equal(got->zero, expected->zero));
}

TEST_CASE("a blob of int8 holds what firmware keeps, and damage is found") {
  const Rig rig;
  const auto file = std::filesystem::temp_directory_path() / "tenon_quantized.blob";
  export_quantized_blob(*rig.numbers, file.string());
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::filesystem::remove(file);
  alignas(8) static std::array<std::byte, sizeof(QuantizedBlobHeader) + sizeof(edge::QuantizedTables<Net>) + 8> flash;
  const std::size_t size = flash.size() - 8;
  REQUIRE(text.size() == size);
  const auto receive = [&] { std::memcpy(flash.data(), text.data(), size); };
  const auto open = [&](std::size_t from, std::size_t count) {
    return open_quantized<Net>(std::span<const std::byte>(flash).subspan(from, count));
  };
  receive();
  const auto blob = open(0, size);
  REQUIRE(blob);
  Quantized<Net> net{*blob.tables}, expected{*rig.tables};
  Stream random(4, Purpose::user);
  for (std::size_t i = 0; i < 15; ++i) net.input()[i] = expected.input()[i] = random_byte(random);
  net.run();
  expected.run();
  CHECK(std::ranges::equal(net.output(), expected.output()));

  CHECK(open(4, size).status == BlobStatus::misaligned);
  CHECK(open(0, 15).status == BlobStatus::too_short);
  CHECK(open(0, size - 1).status == BlobStatus::wrong_length);
  CHECK(open(0, size + 8).status == BlobStatus::wrong_length);
  // any bit of the header and of the numbers
  for (std::size_t bit = 0; bit < 8 * size; bit += 97) {
    flash[bit / 8] ^= std::byte{1} << bit % 8;
    CHECK_FALSE(open(0, size));
    receive();
  }
  flash[size - 20] ^= std::byte{16};
  CHECK(open(0, size).status == BlobStatus::damaged);
  receive();
  // the same parameters, but other steps
  using Other = Sequential<Input<1, 3, 5>, Flatten,
                           Named<"body", Sequential<Dense<11>, ReLU, Dropout<0.5>, Dense<7, bias<false>>, ReLU>>,
                           Dense<9>, Softmax>;
  STATIC_REQUIRE(network_fingerprint<Other> == network_fingerprint<Net>);
  CHECK(open_quantized<Other>(std::span<const std::byte>(flash).first(size)).status == BlobStatus::other_network);
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

namespace {

/// Dense layers of one scale. The first bias lies at an end of what three bytes hold, or `beyond` it.
using OneScale = Sequential<Input<6>, Dense<9, per_tensor<true>>, ReLU, Dense<5, per_tensor<true>>>;
constexpr QuantizedNumbers<OneScale> numbers_of_one_scale(std::int32_t beyond) {
  QuantizedNumbers<OneScale> q;
  std::uint32_t seed = 1;
  const auto draw = [&](int most) {
    seed = seed * 1664525U + 1013904223U;
    return static_cast<std::int32_t>(seed >> 8) % (2 * most + 1) - most;
  };
  for (std::size_t o = 0; o < 9; ++o)
    for (std::size_t i = 0; i < 6; ++i) q.plan.steps[0].put_weight(q.weights, o, i, draw(127));
  for (std::size_t o = 0; o < 5; ++o)
    for (std::size_t i = 0; i < 9; ++i) q.plan.steps[1].put_weight(q.weights, o, i, draw(127));
  for (std::size_t row = 0; row < 20; ++row) q.bias[row] = draw(8'000'000) / (1 << 2 * (row % 12));
  q.bias[0] = -(1 << 23) - beyond;
  for (float& s : q.weight_scale) s = 0.01F;
  q.scale[0] = 0.02F, q.scale[1] = 0.05F, q.scale[2] = 1;
  q.zero[1] = -128;
  return q;
}
constexpr auto biases_that_fit = numbers_of_one_scale(0), biases_that_do_not = numbers_of_one_scale(1);

template <const QuantizedNumbers<OneScale>& Numbers>
void compare_with_whole_tables() {
  const edge::QuantizedTables<OneScale> tables = edge::make_tables(Numbers);
  Quantized<OneScale> whole{tables};
  Quantized<OneScale, Numbers> compiled;
  Stream random(5, Purpose::user);
  std::set<std::int8_t> seen;
  for (int sample = 0; sample < 20; ++sample) {
    for (std::size_t i = 0; i < 6; ++i) whole.input()[i] = compiled.input()[i] = random_byte(random);
    whole.run();
    compiled.run();
    CHECK(std::ranges::equal(whole.output(), compiled.output()));
    seen.insert(whole.output().begin(), whole.output().end());
  }
  CHECK(seen.size() > 10);
}

}  // namespace

TEST_CASE("biases of layers with one scale take three bytes where they fit") {
  using edge::detail::tables_of;
  using Small = edge::QuantizedTables<OneScale, kernels::Int24>;
  using Whole = edge::QuantizedTables<OneScale>;
  STATIC_REQUIRE(std::is_same_v<decltype(tables_of<OneScale, biases_that_fit>()), const Small&>);
  STATIC_REQUIRE(std::is_same_v<decltype(tables_of<OneScale, biases_that_do_not>()), const Whole&>);
  STATIC_REQUIRE(sizeof(Small) + 12 + 8 <= sizeof(Whole));  // 12 and 8 rows
  compare_with_whole_tables<biases_that_fit>();
  compare_with_whole_tables<biases_that_do_not>();
  STATIC_REQUIRE_FALSE(edge::quantized_plan<Sequential<OneScale, Dense<3>>>.has_biases_alone());
  for (const std::int32_t bias : {0, 1, -1, 255, -256, 65536, -65537, (1 << 23) - 1, -(1 << 23)})
    CHECK(kernels::Int24(bias) == bias);
}

TEST_CASE("quantize says what it cannot work with") {
  using Catch::Matchers::Contains;
  Rig rig;
  // a loader that has been used before begins anew
  const auto again = quantize(rig.model, rig.loader);
  CHECK(std::ranges::equal(again->weights, rig.numbers->weights));
  CHECK(std::ranges::equal(again->scale, rig.numbers->scale));
  const Dataset<float> small{{2}, {1, 2}};
  DataLoader<float> wrong{small, 1, 1};
  CHECK_THROWS_WITH(quantize(rig.model, wrong), Contains("expected samples of 15 numbers, got 2"));
  rig.loader.start_epoch(1);
  rig.model.get<"body.0.weight">()(0, 0) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(quantize(rig.model, rig.loader), Contains("expected finite"));
}
