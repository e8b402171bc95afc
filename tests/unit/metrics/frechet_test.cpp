#include <tenon/metrics/drawn.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/error.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/model/model.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/random.hpp>
#include <tenon/train/callbacks/early_stopping.hpp>
#include <tenon/train/fit.hpp>

#include "support/golden.hpp"
#include "support/message_of.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using tenon::test::message_of;

namespace {

const test::Golden& file() {
  static const test::Golden f("generative");
  return f;
}
std::vector<float> single(const std::string& name) {
  const std::vector<double> values = file().values(name);
  return {values.begin(), values.end()};
}
}  // namespace

TEST_CASE("the Fréchet distance is numpy's, in single and double precision") {
  for (const std::string name : {"full", "flat"}) {  // the samples of the second lie in a space of three dimensions
    INFO(name);
    const std::size_t width = file().shape(name + ".a")[1];
    const std::vector<double> a = file().values(name + ".a"), b = file().values(name + ".b");
    const double distance = file().value(name + ".distance");
    CHECK(frechet_distance(a, b, width) == Approx(distance).epsilon(1e-6));
    CHECK(frechet_distance(b, a, width) == Approx(distance).epsilon(1e-6));
    CHECK(frechet_distance(single(name + ".a"), single(name + ".b"), width) == Approx(distance).epsilon(1e-6));
    CHECK(frechet_distance(a, a, width) == Approx(0).margin(1e-6 * distance));

    const Moments m = Moments::of(std::span<const double>(a), width);
    CHECK(m.count == file().shape(name + ".a")[0]);
    const std::vector<double> mean = file().values(name + ".mean"), covariance = file().values(name + ".covariance");
    for (std::size_t i = 0; i < width; ++i) CHECK(m.mean[i] == Approx(mean[i]).epsilon(1e-12));
    for (std::size_t i = 0; i < width * width; ++i) CHECK(m.covariance[i] == Approx(covariance[i]).epsilon(1e-12));
  }
}

TEST_CASE("the Fréchet distance of many features ends, and is what is known") {
  // Features that do not depend on each other: the sum of what each is off, (m1 - m2)^2 + (s1 - s2)^2, in another
  // basis.
  constexpr std::size_t n = 60;
  Moments a, b;
  a.mean.assign(n, 0), b.mean.assign(n, 0), a.covariance.assign(n * n, 0), b.covariance.assign(n * n, 0);
  double known = 0;
  std::vector<double> v(n);  // I - 2 v v^T turns
  double norm = 0;
  Stream stream{1};
  for (double& part : v) part = stream.normal<double>(), norm += part * part;
  for (double& part : v) part /= std::sqrt(norm);
  const auto turn = [&](std::size_t i, std::size_t j) { return (i == j ? 1.0 : 0.0) - 2 * v[i] * v[j]; };
  for (std::size_t k = 0; k < n; ++k) {
    const double s1 = k < 5 ? 0 : static_cast<double>(k) / 10, s2 = static_cast<double>(n - k) / 7,
                 m = stream.normal<double>();
    known += m * m + (s1 - s2) * (s1 - s2);
    for (std::size_t i = 0; i < n; ++i) {
      b.mean[i] += m * turn(i, k);
      for (std::size_t j = 0; j < n; ++j) {
        a.covariance[i * n + j] += s1 * s1 * turn(i, k) * turn(j, k);
        b.covariance[i * n + j] += s2 * s2 * turn(i, k) * turn(j, k);
      }
    }
  }
  CHECK(frechet_distance(a, b) == Approx(known).epsilon(1e-7));
}

TEST_CASE("inception score, precision and recall are numpy's") {
  CHECK(inception_score(single("score.probabilities"), 5) == Approx(file().value("score.score")).epsilon(1e-9));
  const std::vector<float> sure{1, 0, 0, 1}, alike{0.25F, 0.75F, 0.25F, 0.75F};
  CHECK(inception_score(sure, 2) == Approx(2));
  CHECK(inception_score(alike, 2) == Approx(1));

  const std::vector<float> real = single("quality.real"), made = single("quality.made");
  const SampleQuality quality = sample_quality(real, made, 3);
  CHECK(quality.precision == Approx(file().value("quality.precision")));
  CHECK(quality.recall == Approx(file().value("quality.recall")));
  CHECK(sample_quality(real, real, 3).precision == 1);
}

TEST_CASE("samples without a distance are one Error") {
  const std::vector<float> six{1, 2, 3, 4, 5, 6}, one{1, 2};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK_THAT(message_of([&] { Moments::of(std::span<const float>(six), 4); }),
             Contains("whole rows of 4 numbers, got 6"));
  CHECK_THAT(message_of([&] { Moments::of(std::span<const float>(six), 0); }), Contains("rows of 0"));
  CHECK_THAT(message_of([&] { Moments::of(std::span<const float>(one), 2); }), Contains("at least 2 whole rows"));
  CHECK_THAT(message_of([&] {
               frechet_distance(std::vector<float>{1, 2, 3, nan}, six, 2);
             }),
             Contains("finite") && Contains("sample 1"));
  CHECK_THAT(message_of([&] {
               frechet_distance(Moments::of(std::span<const float>(six), 2),
                                Moments::of(std::span<const float>(six), 3));
             }),
             Contains("same width, got 2 and 3"));
  CHECK_THAT(message_of([&] { inception_score(six, 2); }), Contains("probabilities") && Contains("sample 0"));
  CHECK_THAT(message_of([&] { sample_quality(six, six, 2); }), Contains("at least 4 whole rows"));
  CHECK_THAT(message_of([&] { sample_quality(six, six, 2, 0); }), Contains("a k of at least 1, got 0"));
  const auto drawn = [&] { return six; };
  CHECK(message_of([&] { InceptionScore{.probabilities = drawn}.value(); }) ==
        "inception score: expected the number of classes in .classes, got none");
  CHECK(message_of([&] { SamplePrecision{.features = drawn, .width = 2}.value(); }) ==
        "sample precision: expected features of real samples in .real, and their .width, got none");
  CHECK(message_of([&] { SampleRecall{.features = drawn, .real = six}.value(); }) ==
        "sample recall: expected features of real samples in .real, and their .width, got none");
}

TEST_CASE("metrics of a Fit say what the functions say of samples drawn after each epoch") {
  const std::vector<float> real = single("quality.real"), made = single("quality.made"),
                           probabilities = single("score.probabilities");
  std::size_t draws = 0;
  const auto drawn = [&] { return ++draws, made; };
  const Frechet distance{.features = drawn, .real = Moments::of(std::span<const float>(real), 3)};
  const InceptionScore score{.probabilities = [&] { return probabilities; }, .classes = 5};
  const SamplePrecision precision{.features = drawn, .real = real, .width = 3};
  const SampleRecall recall{.features = drawn, .real = real, .width = 3, .k = 5};
  Model<Sequential<Input<2>, Dense<1>>> model{1};
  const Dataset<float> data({2}, {1, 2, 3, 4, 5, 6}, Targets<float>{{1, 2, 3}, 1});
  EarlyStopping stopping{.monitor = "val_frechet", .patience = 2};
  const History history = fit(model, data,
                              Fit{.loss = MeanSquaredError{},
                                  .epochs = 5,
                                  .validation = data,
                                  .progress = Progress::Mode::quiet,
                                  .callbacks = callbacks(stopping),
                                  .metrics = metrics(distance, score, precision, recall)});
  CHECK(history.epochs.size() == 3);  // nothing becomes better
  CHECK(draws == 3 * 3);
  const SampleQuality three = sample_quality(real, made, 3), five = sample_quality(real, made, 3, 5);
  const auto& last = history.epochs.back().metrics;
  REQUIRE(last.size() == 4);
  CHECK(last[0].name == "val_frechet");
  CHECK(last[0].value == frechet_distance(std::span<const float>(made), std::span<const float>(real), 3));
  CHECK(last[1].name == "val_inception_score");
  CHECK(last[1].value == inception_score(probabilities, 5));
  CHECK(last[2].name == "val_sample_precision");
  CHECK(last[2].value == three.precision);
  CHECK(last[3].name == "val_sample_recall");
  CHECK(last[3].value == five.recall);
  CHECK(five.recall != five.precision);

  CHECK_THAT(message_of([] { static_cast<void>(Frechet{}.value()); }),
             Contains("Frechet: expected a function that draws in .features, got none"));
  CHECK_THAT(message_of([] { static_cast<void>(InceptionScore{}.value()); }), Contains(".probabilities"));
  CHECK_THAT(message_of([&] { static_cast<void>(Frechet{.features = drawn}.value()); }),
             Contains("Frechet: expected moments of real samples in .real"));
}
