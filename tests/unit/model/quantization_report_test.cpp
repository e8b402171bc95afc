#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/data/digits.hpp>
#include <tenon/data/scaler.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/identity.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/standardize.hpp>
#include <tenon/model/copy_parameters.hpp>
#include <tenon/model/quantization_report.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/networks/store_activations.hpp>
#include <tenon/networks/store_weights.hpp>
#include <tenon/train/evaluate_quantized.hpp>
#include <tenon/train/fit.hpp>

using namespace tenon;
using Catch::Matchers::Contains;

namespace {

using Net = Sequential<Input<1, 8, 8>, Conv2D<6, 3, padding<1>>, ReLU, Residual<Conv2D<6, 3, padding<1>>, ReLU>,
                       MaxPool2D<2>, Flatten, Dense<10>, Softmax>;

std::vector<float> gaussian(std::size_t count) {
  Stream random(3, Purpose::user);
  std::vector<float> values(count);
  for (float& v : values) v = random.normal<float>();
  return values;
}
Histogram seen(const std::vector<float>& values) {
  Histogram h;
  h.see(values);
  return h;
}
/// The mean squared error of rounding these numbers to int8 over a range.
double rounding_error(const std::vector<float>& values, const ValueRange& range) {
  const double step = (static_cast<double>(range.high) - static_cast<double>(range.low)) / 255;
  double sum = 0;
  for (const float v : values) {
    const double kept = std::clamp(static_cast<double>(v), static_cast<double>(range.low),
                                   static_cast<double>(range.high));
    const double rounded = std::round((kept - static_cast<double>(range.low)) / step) * step +
                           static_cast<double>(range.low);
    sum += (rounded - static_cast<double>(v)) * (rounded - static_cast<double>(v));
  }
  return sum / static_cast<double>(values.size());
}

struct Trained {
  Model<Net> model{1};
  Dataset<float> data = digits();
  DataLoader<float> loader{data, 64, 1};

  Trained() { fit(model, data, Fit{.optimizer = Adam{.lr = 3e-3}, .epochs = 3, .progress = Progress::Mode::quiet}); }
};

}  // namespace

TEST_CASE("a histogram grows with its numbers") {
  // whatever comes first, the intervals end up the same
  std::vector<float> values = gaussian(5000);
  const Histogram once = seen(values);
  Histogram twice;
  twice.see(std::vector<float>{0, 0});
  for (float& v : values) v /= 1000;
  twice.see(values);
  CHECK(twice.seen().high < 0.01F);
  for (float& v : values) v *= 1000;
  twice.see(values);
  CHECK(once.count() == 5000);
  CHECK(twice.count() == 10002);
  CHECK(once.seen().high == Approx(twice.seen().high));
  CHECK(once.outside({-1, 1}) == Approx(0.3173).margin(0.015));  // of a normal distribution
  CHECK(twice.outside({-1, 1}) == Approx(0.3173 / 2).margin(0.015));
  CHECK(seen({0, 0, 0}).range({.method = CalibrationMethod::mse}).high == 0);
  CHECK(seen({0.5F}).range({.method = CalibrationMethod::entropy}).high <= 0.5F);
}

TEST_CASE("ranges by each method") {
  std::vector<float> values = gaussian(20000);
  values.push_back(40);  // an outlier
  const Histogram h = seen(values);
  const auto all = h.range({});
  CHECK(all.high == 40);
  const auto percentile = h.range({.method = CalibrationMethod::percentile, .percentile = 99});
  CHECK(percentile.high == Approx(2.576).margin(0.1));
  CHECK(percentile.low == Approx(-2.576).margin(0.1));
  CHECK(h.outside(percentile) == Approx(0.01).margin(0.002));
  const auto mse = h.range({.method = CalibrationMethod::mse});
  const auto entropy = h.range({.method = CalibrationMethod::entropy});
  CHECK(entropy.high > 2);
  CHECK(entropy.high < 8);
  // one number in 20,000 costs more than the rounding of all others saves: the ends of the least error, found by trying
  // all
  double least = std::numeric_limits<double>::infinity();
  for (int k = 1; k <= 64; ++k)
    least = std::min(least, rounding_error(values, {all.low, all.high * static_cast<float>(k) / 64}));
  CHECK(rounding_error(values, mse) <= 1.02 * least);
  CHECK(rounding_error(values, mse) <= rounding_error(values, all));
  // numbers that are never negative keep their zero
  for (float& v : values) v = std::abs(v);
  for (const auto method :
       {CalibrationMethod::min_max, CalibrationMethod::percentile, CalibrationMethod::mse, CalibrationMethod::entropy})
    CHECK(seen(values).range({.method = method}).low == 0);
  CHECK_THROWS_WITH(h.range({.method = CalibrationMethod::percentile, .percentile = 20}), Contains("percentile"));
}

TEST_CASE("the report says what int8 costs, and evaluate what comes of it") {
  Trained t;
  const auto numbers = quantize(t.model, t.loader);
  const QuantizationReport report = quantization_report(t.model, *numbers, t.loader, 200);
  REQUIRE(report.layers.size() >= 5);
  CHECK(report.samples == 200);
  CHECK(report.warnings.empty());
  for (const auto& layer : report.layers) {
    CHECK(layer.own_sqnr > 20);
    CHECK(layer.sqnr <= layer.own_sqnr + 3);
    CHECK(layer.saturated < 0.01);
  }
  CHECK_THAT(report.text(), Contains("0  Conv2D<6, 3") && Contains("inner step 0") && Contains("Most is lost in"));

  const Scores exact = evaluate(t.model, t.data), rounded = evaluate(*numbers, t.data);
  CHECK(exact.accuracy > 0.9);
  CHECK(rounded.accuracy == Approx(exact.accuracy).margin(0.01));
  CHECK(rounded.loss == Approx(exact.loss).margin(0.05));

  // a weight that is broken in the int8 numbers alone shows in its own layer, and in those behind it
  auto broken = std::make_unique<QuantizedNumbers<Net>>(*numbers);
  const auto& step = edge::quantized_plan<Net>.steps[1];
  for (std::size_t i = 0; i < step.packed_bytes() / 2; ++i) broken->weights[step.weights + i] = 0;
  const QuantizationReport worse = quantization_report(t.model, *broken, t.loader, 50);
  CHECK(worse.costliest() == &worse.layers[1]);
  CHECK(worse.layers[0].own_sqnr == Approx(report.layers[0].own_sqnr).margin(1));
  CHECK(worse.layers[2].sqnr < report.layers[2].sqnr - 3);
  CHECK(worse.warnings.size() == 1);  // few samples
  CHECK(evaluate(*broken, t.data).loss > rounded.loss);
}

TEST_CASE("activations of 16 bits lose less") {
  using Fine = StoreActivations<Net, activation_bits<16>>;
  Trained t;
  Model<Fine> model{1};
  CHECK(copy_parameters(t.model, model) == parameter_table<Net>.size());
  const auto numbers = quantize(t.model, t.loader);
  t.loader.start_epoch(0);
  const auto fine = quantize(model, t.loader);
  const QuantizationReport report = quantization_report(t.model, *numbers, t.loader, 200),
                           better = quantization_report(model, *fine, t.loader, 200);
  REQUIRE(better.layers.size() == report.layers.size());
  CHECK(better.weight_bytes == report.weight_bytes);
  CHECK_THAT(report.text(), Contains("int8 covers"));
  CHECK_THAT(better.text(), Contains("int16 beside float over 200 samples") && Contains("int16 covers"));
  for (std::size_t k = 0; k < report.layers.size(); ++k) {
    INFO(better.layers[k].name << ": " << report.layers[k].own_sqnr << " and " << better.layers[k].own_sqnr << " dB");
    CHECK(better.layers[k].own_sqnr > report.layers[k].own_sqnr + (better.layers[k].flash > 0 ? 3 : 25));
    CHECK(better.layers[k].saturated < 0.01);
  }
  INFO(report.layers.back().sqnr << " and " << better.layers.back().sqnr << " dB in the end");
  CHECK(better.layers.back().sqnr > report.layers.back().sqnr + 4);
  const double exact = evaluate(t.model, t.data).loss, rounded = evaluate(*numbers, t.data).loss,
               loss = evaluate(*fine, t.data).loss;
  CHECK(std::abs(loss - exact) < std::abs(rounded - exact) / 4);

  // what a firmware is given
  const auto folder = std::filesystem::temp_directory_path() / "tenon_wide_test";
  std::filesystem::create_directories(folder);
  export_quantized_header(model, *fine, (folder / "fine.hpp").string());
  std::ifstream file(folder / "fine.hpp");
  const std::string header((std::istreambuf_iterator<char>(file)), {});
  CHECK_THAT(header, Contains("#include <tenon/networks/store_activations.hpp>") &&
                         Contains("Softmax>, activation_bits<16>>;\n"));
  export_quantized_blob(*fine, (folder / "fine.blob").string());
  std::ifstream blob(folder / "fine.blob", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(blob)), {});
  alignas(8) std::array<std::byte, 8192> flash{};
  REQUIRE(bytes.size() <= flash.size());
  std::memcpy(flash.data(), bytes.data(), bytes.size());
  const auto received = std::span<const std::byte>(flash).first(bytes.size());
  CHECK_FALSE(open_quantized<Net>(received));  // of the network in int8
  const auto opened = open_quantized<Fine>(received);
  REQUIRE(opened);
  const auto tables = std::make_unique<edge::QuantizedTables<Fine>>(edge::make_tables(*fine));
  Quantized<Fine> first{*opened.tables}, second{*tables};
  STATIC_REQUIRE(std::is_same_v<decltype(first)::Number, std::int16_t>);
  const auto x = t.data.sample(3).first<64>();
  CHECK(first(x) == second(x));
  std::filesystem::remove_all(folder);
}

TEST_CASE("the report says what weights of four bits save, and what they cost") {
  using Small = store_weights<Net, weight_bits<4>>;
  STATIC_REQUIRE(type_name<Small>() ==
                 "Sequential<Input<1, 8, 8>, Conv2D<6, 3, padding<1>, weight_bits<4>>, ReLU, Residual<Conv2D<6, 3, "
                 "padding<1>, weight_bits<4>>, ReLU>, MaxPool2D<2>, Flatten, Dense<10, weight_bits<4>>, Softmax>");
  Trained t;
  Model<Small> model{1};
  CHECK(copy_parameters(t.model, model) == parameter_table<Net>.size());
  const auto numbers = quantize(t.model, t.loader);
  t.loader.start_epoch(0);
  const auto small = quantize(model, t.loader);
  const QuantizationReport report = quantization_report(t.model, *numbers, t.loader, 200),
                           less = quantization_report(model, *small, t.loader, 200);
  CHECK(report.weight_bytes == 1696);
  CHECK(less.weight_bytes == 1696 / 2 + 16);  // the nine columns of the first layer are filled up to sixteen
  CHECK(report.layers[0].flash == 8 * 12 + 9 * 8);
  CHECK(less.layers[0].flash == 8 * 16 / 2 + 9 * 8);
  CHECK_THAT(less.text(), Contains("Conv2D<6, 3, padding<1>, weight_bits<4>>") && Contains("Weights: 864 bytes."));
  for (std::size_t k : {std::size_t{0}, std::size_t{1}}) {
    CHECK(less.layers[k].own_sqnr > 15);
    CHECK(less.layers[k].own_sqnr < report.layers[k].own_sqnr - 10);
  }
  const double exact = evaluate(*numbers, t.data).accuracy, rounded = evaluate(*small, t.data).accuracy;
  INFO("int8 " << exact << ", four bits " << rounded);
  CHECK(rounded > exact - 0.03);
}

TEST_CASE("the report warns of features that one scale for an input loses") {
  using Alone = Sequential<Input<3>, Standardize, Dense<2>>;
  using Beside = Sequential<Input<3>, Concat<Standardize, Identity>, Dense<2>>;  // the input has one scale here
  const auto warned = []<class Net>(Model<Net> model, float largest) {
    std::vector<float> features = gaussian(3 * 200);
    for (std::size_t i = 1; i < features.size(); i += 3) features[i] *= largest;
    const Dataset<float> data({3}, std::move(features));
    standardize(model, data);
    DataLoader<float> loader{data, 64, 1};
    return quantization_report(model, *quantize(model, loader), loader, 200);
  };
  const QuantizationReport alike = warned(Model<Beside>{1}, 2), apart = warned(Model<Beside>{1}, 5000);
  CHECK(warned(Model<Alone>{1}, 5000).warnings.empty());
  CHECK(alike.warnings.empty());
  CHECK(alike.layers[0].lost_features == 0);
  CHECK(apart.layers[0].lost_features == 2);
  REQUIRE(apart.warnings.size() == 1);
  CHECK_THAT(apart.warnings[0], Contains("Standardize") &&
                                    Contains("2 of its features, of which number 0 is the first") &&
                                    Contains("an input of their own"));
}

TEST_CASE("the report names every feature that never varies") {
  using Row = Sequential<Input<24>, Dense<2>>;
  const auto reported = []<class Net>(Model<Net> model, std::vector<float> features) {
    const Dataset<float> data({input_shape<Net>::dims.begin(), input_shape<Net>::dims.end()}, std::move(features));
    DataLoader<float> loader{data, 64, 1};
    return quantization_report(model, *quantize(model, loader), loader, 200);
  };
  std::vector<float> features = gaussian(24 * 200);
  CHECK(reported(Model<Row>{1}, features).warnings.empty());
  for (std::size_t i = 0; i < features.size(); i += 24) features[i + 3] = 1.5F, features[i + 7] = 0;
  features[7 + 24 * 150] = 0.25F;  // once in 200 samples
  const QuantizationReport one = reported(Model<Row>{1}, features);
  REQUIRE(one.warnings.size() == 1);
  CHECK(one.warnings[0] == "feature 3 of input 0 is 1.5 in all samples: the ranges allow for no other");
  CHECK(one.constant_features[0].value == 1.5F);

  for (std::size_t i = 0; i < features.size(); ++i)
    if (i % 24 > 1) features[i] = 0;
  const QuantizationReport many = reported(Model<Row>{1}, features);
  CHECK(many.constant_features.size() == 22);
  CHECK_THAT(many.text(), Contains("feature 21 of input 0 is 0") && Contains("so are 2 further features") &&
                              !Contains("feature 22 of input 0 is 0"));
  // places of a sequence may well be the same
  CHECK(reported(Model<Sequential<Input<12, 2>, Flatten, Dense<2>>>{1}, features).constant_features.empty());
}

TEST_CASE("the report warns of what it sees") {
  Trained t;
  // one number far from all others, in calibration alone
  Dataset<float> strange = t.data.take(200);
  std::vector<float> pixels(strange.features().begin(), strange.features().end());
  pixels[100] = 1000;
  strange = Dataset<float>{{1, 8, 8}, pixels};
  DataLoader<float> calibration{strange, 4, 1};
  CHECK_THAT(quantization_report(t.model, *quantize(t.model, calibration), t.loader).text(),
             Contains("in the calibration? "));
  // and among the samples of the report too
  const auto same = quantization_report(t.model, *quantize(t.model, calibration), calibration);
  CHECK_THAT(same.text(), Contains("99 % of its numbers lie within") && Contains("a single outlier?"));
  // the mean of an image has the range of its pixels, which no calibration would change
  using Mean = Sequential<Input<4, 8, 8>, GlobalAvgPool, Dense<2>>;
  const Model<Mean> mean{1};
  const Dataset<float> images({4, 8, 8}, gaussian(256 * 200));
  DataLoader<float> loader{images, 4, 1};
  const QuantizationReport pooled = quantization_report(mean, *quantize(mean, loader), loader);
  CHECK(pooled.layers[0].fixed);
  CHECK(pooled.warnings.empty());
  // of few samples one has more than the usual share of the numbers
  const Dataset<float> few = strange.take(50);
  DataLoader<float> fifty{few, 4, 1};
  const auto small = quantization_report(t.model, *quantize(t.model, fifty), fifty);
  CHECK_THAT(small.text(), Contains("96 % of its numbers lie within") && Contains("a single outlier?"));
  CHECK(same.layers.back().fixed == (same.layers.back().name.find("Softmax") != std::string::npos));
  calibration.start_epoch(0);
  const auto careful = quantize(t.model, calibration, {.method = CalibrationMethod::percentile, .percentile = 98});
  CHECK(evaluate(*careful, t.data).accuracy > 0.85);
  for (float& w : t.model.get<"0.weight">()) w = 0;
  for (float& b : t.model.get<"0.bias">()) b = 0;
  t.loader.start_epoch(0);
  CHECK_THAT(quantization_report(t.model, *quantize(t.model, t.loader), t.loader).text(),
             Contains("one and the same number, 0"));
  pixels[100] = std::numeric_limits<float>::infinity();
  const Dataset<float> with_infinity{{1, 8, 8}, pixels};
  DataLoader<float> infinite{with_infinity, 4, 1};
  CHECK_THROWS_AS(quantize(t.model, infinite), Error);
}
