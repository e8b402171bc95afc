#include <catch2/catch.hpp>

#include <tenon/data/scaler.hpp>
#include <tenon/edge/quantized_stepwise.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/standardize.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/losses/cross_entropy.hpp>
#include <tenon/model/export_quantized.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/net/graph.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/train/evaluate_quantized.hpp>
#include <tenon/train/fit.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

using namespace tenon;
using Catch::Matchers::Contains;

namespace {

template <class Net>
constexpr const auto& plan_of = edge::quantized_plan<Net>;

/// Four features whose sizes are six orders of magnitude apart. The two small ones say which of four classes it is.
constexpr std::array<float, 4> centers{0.02F, 101325.0F, -0.5F, 4000.0F}, spreads{0.001F, 900.0F, 0.02F, 1500.0F};
Dataset<float> table(std::uint64_t seed, std::size_t count = 600) {
  Stream random(seed, Purpose::user);
  std::vector<float> features;
  std::vector<std::int32_t> classes;
  for (std::size_t i = 0; i < count; ++i) {
    std::array<float, 4> z{};
    for (float& v : z) {
      v = random.uniform<float>(0.1F, 1.5F);
      if (random.uniform<float>(0, 1) < 0.5F) v = -v;
    }
    for (std::size_t f = 0; f < 4; ++f) features.push_back(centers[f] + spreads[f] * z[f]);
    classes.push_back((z[0] > 0 ? 1 : 0) + (z[2] > 0 ? 2 : 0));
  }
  return {{4}, std::move(features), Labels{std::move(classes), 4}};
}

using Classifier = Sequential<Input<4>, Standardize, Dense<16>, ReLU, Dense<4>, Softmax>;

/// Of any network: a Standardize that is set to these centers and spreads, features of that size, and int8 numbers.
template <class Net>
struct Scaled {
  Model<Net> model{3};
  Dataset<float> data;
  std::unique_ptr<QuantizedNumbers<Net>> numbers;
  std::unique_ptr<edge::QuantizedTables<Net>> tables;

  /// `feature` says which feature number i of a sample belongs to.
  template <class Feature>
  explicit Scaled(Feature feature) {
    constexpr std::size_t size = input_shape<Net>::size;
    Stream random(5, Purpose::user);
    std::vector<float> x(64 * size);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t f = feature(i % size);
      x[i] = centers[f] + spreads[f] * random.uniform<float>(-1, 1);
    }
    for (const ParameterEntry& entry : parameter_table<Net>) {
      if (entry.name.ends_with("center")) std::copy_n(centers.begin(), entry.size, model.values(entry).begin());
      if (entry.name.ends_with("scale")) std::copy_n(spreads.begin(), entry.size, model.values(entry).begin());
    }
    const auto& dims = input_shape<Net>::dims;
    data = Dataset<float>({dims.begin(), dims.end()}, std::move(x));
    DataLoader<float> loader{data, 16, 1};
    numbers = quantize(model, loader);
    tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*numbers));
  }

  /// The largest error of an output beside the range of all.
  double error() const {
    constexpr std::size_t in = input_shape<Net>::size, out = output_shape<Net>::size;
    const auto net = std::make_unique<Quantized<Net>>(*tables);
    std::vector<float> y(out), exact(out);
    float low = 0, high = 0, worst = 0;
    for (std::size_t s = 0; s < data.size(); ++s) {
      (*net)(std::span<const float, in>(data.sample(s).data(), in), std::span<float, out>(y.data(), out));
      model.predict(data.sample(s), exact);
      for (std::size_t o = 0; o < out; ++o) {
        low = std::min(low, exact[o]), high = std::max(high, exact[o]);
        worst = std::max(worst, std::abs(y[o] - exact[o]));
      }
    }
    return static_cast<double>(worst / (high - low));
  }
};

template <class Net, std::size_t Size>
concept takes_bytes = requires(Net& net, std::span<const std::uint8_t, Size> bytes) {
  net.set_bytes(bytes);
};

constexpr auto last_axis = [](std::size_t i) { return i % 4; };

}  // namespace

TEST_CASE("features of very different sizes keep 8 bits each behind a Standardize at the input") {
  const Dataset<float> train = table(1), test = table(2);
  const auto how = GENERATE(Scaling::standard, Scaling::min_max, Scaling::robust);
  Model<Classifier> model{1};
  standardize(model, train, {.how = how});
  fit(model, train, Fit{.optimizer = Adam{.lr = 0.03}, .epochs = 20, .progress = Progress::Mode::quiet});
  DataLoader<float> loader{train, 64, 1};
  const auto q = quantize(model, loader);
  const double exact = evaluate(model, test).accuracy, rounded = evaluate(*q, test).accuracy;
  INFO("float " << exact << ", int8 " << rounded);
  CHECK(exact > 0.985);
  CHECK(rounded > exact - 0.01);

  // a header and a blob have the same numbers
  const auto folder = std::filesystem::temp_directory_path();
  const std::string header = (folder / "scaled_features.hpp").string(),
                    blob = (folder / "scaled_features.blob").string();
  export_quantized_header(model, *q, header);
  std::ifstream text(header);
  CHECK_THAT(std::string(std::istreambuf_iterator<char>(text), {}),
             Contains(".feature_center = {") && Contains(".feature_step = {"));
  export_quantized_blob(*q, blob);
  std::ifstream file(blob, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  std::vector<std::uint64_t> at_eights(bytes.size() / 8 + 1);
  std::memcpy(at_eights.data(), bytes.data(), bytes.size());
  const auto opened = open_quantized<Classifier>(std::as_bytes(std::span(at_eights)).first(bytes.size()));
  REQUIRE(opened);
  const auto tables = std::make_unique<edge::QuantizedTables<Classifier>>(edge::make_tables(*q));
  Quantized<Classifier> one{*tables}, other{*opened.tables};
  const std::span<const float, 4> sample(test.sample(7).data(), 4);
  other.set_floats(sample);
  other.run();
  CHECK(std::ranges::equal(one(sample), [&] {
    std::array<float, 4> y{};
    for (std::size_t i = 0; i < 4; ++i)
      y[i] = other.output_scale() * static_cast<float>(other.output()[i] - other.output_zero());
    return y;
  }()));
  std::filesystem::remove(header);
  std::filesystem::remove(blob);
}

TEST_CASE("an int8 number of a feature is the nearest to what the sample says") {
  const Scaled<Classifier> rig(last_axis);
  Quantized<Classifier> net{*rig.tables};
  net.set_floats(std::span<const float, 4>(rig.data.sample(3).data(), 4));
  const auto& f = rig.tables->features;
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(f.center[i] == centers[i]);
    CHECK(f.step[i] == Approx(spreads[i] * net.input_scale()));
    const double real = double{f.center[i]} + double{f.step[i]} * (net.input()[i] - net.input_zero());
    CHECK(std::abs(real - static_cast<double>(rig.data.sample(3)[i])) <= 0.501 * static_cast<double>(f.step[i]));
  }
  STATIC_REQUIRE(plan_of<Classifier>.steps[0].pattern.kind == edge::StepKind::dense);
  STATIC_REQUIRE_FALSE(takes_bytes<Quantized<Classifier>, 4>);
  STATIC_REQUIRE(takes_bytes<Quantized<Sequential<Input<4>, Dense<3>>>, 4>);
}

TEST_CASE("a Standardize scales sequences, channels, one of several inputs, and what is given step by step") {
  using Steps = Sequential<Input<6, 4>, Standardize, LSTM<5>, Dense<3>>;
  CHECK(Scaled<Steps>(last_axis).error() < 0.05);
  using Each = Sequential<Input<6, 4>, TimeDistributed<Standardize>, Flatten, Dense<3>>;
  STATIC_REQUIRE(plan_of<Each>.scaled[0].features == 4);
  CHECK(Scaled<Each>(last_axis).error() < 0.05);
  using Both = Graph<In<"image", 5>, In<"table", 4>, Node<"scaled", Sequential<Standardize, ReLU>, "table">,
                     Node<"all", Concat<>, "image", "scaled">, Node<"y", Dense<3>, "all">, Out<"y">>;
  STATIC_REQUIRE(plan_of<Both>.scaled[0].features == 0);
  STATIC_REQUIRE(plan_of<Both>.scaled[1].features == 4);
  CHECK(Scaled<Both>([](std::size_t i) { return i < 5 ? std::size_t{0} : i - 5; }).error() < 0.05);

  const Scaled<Steps> rig(last_axis);
  const auto step_tables = std::make_unique<edge::QuantizedTables<Stepwise<Steps>>>(
      edge::make_step_tables<Steps>(*rig.numbers));
  Quantized<Steps> whole{*rig.tables};
  QuantizedStepwise<Steps> stepped{*step_tables};
  const auto sample = rig.data.sample(2);
  const auto y = whole(std::span<const float, 24>(sample.data(), 24));
  std::array<float, 3> newest{};
  for (std::size_t t = 0; t < 6; ++t)
    stepped.step(std::span<const float, 4>(sample.data() + 4 * t, 4), std::span<float, 3>(newest));
  CHECK(std::ranges::equal(newest, std::span(y).last(3)));
}

TEST_CASE("a Standardize is a step where others read its input too, behind another, and for images") {
  using Beside = Sequential<Input<4>, Concat<Standardize, Dense<2>>, Dense<3>>;
  using BesideBefore = Sequential<Input<4>, Concat<Dense<2>, Standardize>, Dense<3>>;
  using Around = Sequential<Residual<Input<4>, Standardize>, Dense<3>>;
  using Twice = Sequential<Input<4>, Standardize, Standardize, Dense<3>>;
  using Image = Sequential<Input<4, 2, 3>, Standardize, Flatten, Dense<3>>;
  STATIC_REQUIRE(plan_of<Beside>.features == 0);
  STATIC_REQUIRE(plan_of<BesideBefore>.features == 0);
  STATIC_REQUIRE(plan_of<Around>.features == 0);
  STATIC_REQUIRE(plan_of<Image>.features == 0);
  STATIC_REQUIRE(plan_of<Twice>.features == 4);
  STATIC_REQUIRE(plan_of<Twice>.count == 2);
  CHECK(sizeof(edge::FeatureScales<0>) == 1);  // and none in the tables of other networks
  using Bounded = Sequential<Input<4>, Dense<2>, Unstandardize, ReLU>;
  using Two = Graph<In<"x", 4>, Node<"a", Sequential<Dense<2>, Unstandardize>, "x">, Node<"b", Dense<2>, "x">,
                    Out<"b", "a">>;
  using Only = Sequential<Input<4>, Unstandardize>;
  STATIC_REQUIRE(plan_of<Bounded>.unscaled.features == 0);
  STATIC_REQUIRE(plan_of<Two>.unscaled.features == 0);
  STATIC_REQUIRE(plan_of<Only>.unscaled.features == 0);
  using Alone = Sequential<Input<4>, Standardize>;
  CHECK(Scaled<Alone>(last_axis).error() < 0.01);
}

TEST_CASE("answers keep 8 bits in the user's unit, each in its own") {
  // a temperature in kelvin, and a share
  Stream random(4, Purpose::user);
  std::vector<float> samples, targets;
  for (std::size_t i = 0; i < 400; ++i) {
    const auto a = random.uniform<float>(-1, 1), b = random.uniform<float>(-1, 1);
    samples.insert(samples.end(), {a, b});
    targets.insert(targets.end(), {295 + 4 * a, 0.002F * b});
  }
  const Dataset<float> data({2}, samples, Targets<float>{targets, 2});
  using Regression = Sequential<Input<2>, Standardize, Dense<2>, Unstandardize>;
  Model<Regression> model{1};
  standardize(model, data);
  unstandardize(model, data);
  auto weight = model.get<"1.weight">();
  weight(0, 0) = weight(1, 1) = 1, weight(0, 1) = weight(1, 0) = 0;  // what is to be learned
  for (float& v : model.get<"1.bias">()) v = 0;
  DataLoader<float> loader{data, 50, 1};
  const auto q = quantize(model, loader);
  STATIC_REQUIRE(plan_of<Regression>.count == 1);
  STATIC_REQUIRE(plan_of<Regression>.weight_bytes == 16);
  const auto tables = std::make_unique<edge::QuantizedTables<Regression>>(edge::make_tables(*q));
  Quantized<Regression> net{*tables};
  std::array<double, 2> worst{};
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto y = net(std::span<const float, 2>(data.sample(i).data(), 2));
    std::array<float, 2> again{};
    net.get_floats(again);
    CHECK(y == again);
    for (std::size_t o = 0; o < 2; ++o)
      worst[o] = std::max(worst[o], std::abs(static_cast<double>(y[o] - data.target(i)[o])));
  }
  CHECK(worst[0] > 0);
  CHECK(worst[0] < 0.06);     // of 8 kelvin; one scale for both, with zero in its range, has steps of 1.17
  CHECK(worst[1] < 0.00003);  // of 0.004
  const auto folder = std::filesystem::temp_directory_path();
  const auto read = [&](const char* name) {
    std::ifstream text(folder / name);
    std::string all(std::istreambuf_iterator<char>(text), {});
    std::filesystem::remove(folder / name);
    return all;
  };
  export_quantized_header(model, *q, (folder / "unscaled_answers.hpp").string(), {.c_api = true});
  CHECK_THAT(read("unscaled_answers.hpp"), Contains(".output_step = {"));
  CHECK_THAT(read("unscaled_answers.h"), Contains("unscaled_answers_run") && !Contains("unscaled_answers_classify"));
  read("unscaled_answers_c.cpp");
}
