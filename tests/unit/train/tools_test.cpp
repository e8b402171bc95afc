// What is built on fit: folds, sweeps, the search of a learning rate, models chosen at run time, and looks inside.
#include <tenon/model/any_model.hpp>
#include <tenon/model/jacobian.hpp>
#include <tenon/model/predict_class.hpp>
#include <tenon/model/tensor_tools.hpp>
#include <tenon/tenon.hpp>
#include <tenon/train/cross_validate.hpp>
#include <tenon/train/find_lr.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;
using Catch::Matchers::Contains;

namespace {

using Small = Sequential<Dense<64, 8>, ReLU, Dense<10>, Softmax>;
using Large = Sequential<Dense<64, 16>, ReLU, Dense<10>, Softmax>;
template <std::size_t Width>
using Mlp = Sequential<Dense<64, Width>, ReLU, Dense<10>, Softmax>;

std::string file(const char* name) {
  return (std::filesystem::temp_directory_path() / ("tenon-tools-" + std::to_string(::getpid()) + name)).string();
}
const auto quiet = Fit{
    .optimizer = Adam{.lr = 5e-3}, .epochs = 2, .batch_size = 32, .seed = 1, .progress = Progress::Mode::quiet};

/// A step of an augmentation that fails now and then.
struct Unlucky {
  static constexpr bool any_shape = true;
  static void change(const augment::ImageSize&, auto*, Stream& stream) {
    if (stream.uniform() < 0.01) throw std::runtime_error("no luck");
  }
};

}  // namespace

TEST_CASE("folds share no sample, and have every class alike") {
  const Dataset<float> data = digits().take(203);
  const std::vector<Fold> folds = k_folds(data, 4, 7);
  REQUIRE(folds.size() == 4);
  std::vector<std::size_t> all;
  for (const Fold& f : folds) {
    all.insert(all.end(), f.test.begin(), f.test.end());
    CHECK((f.test.size() == 50 || f.test.size() == 51));
    std::set<std::size_t> both(f.test.begin(), f.test.end());
    both.insert(f.train.begin(), f.train.end());
    CHECK(both.size() == 203);
    CHECK(f.train.size() + f.test.size() == 203);
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i] == i);
  for (std::int32_t digit = 0; digit < 10; ++digit) {
    std::size_t least = 1000, most = 0;
    for (const Fold& f : folds) {
      std::size_t count = 0;
      for (const std::size_t i : f.test) count += data.label(i) == digit ? 1 : 0;
      least = std::min(least, count), most = std::max(most, count);
    }
    CHECK(most - least <= 1);
  }
  CHECK(k_folds(data, 4, 7)[2].test == folds[2].test);
  CHECK(k_folds(data, 4, 8)[2].test != folds[2].test);
  CHECK(k_folds(data.select({"features"}), 3, 1).size() == 3);
  CHECK_THROWS_WITH(k_folds(data.take(1), 2, 1), "k_folds: expected at least 2 samples, got 1");
  CHECK_THROWS_WITH(k_folds(data, 1, 1), "k_folds: expected 2 to 203 folds of 203 samples, got 1");
}

TEST_CASE("classes are weighted as scikit-learn balances them") {
  const Dataset<float> data{{1}, std::vector<float>(6), Labels{{0, 0, 0, 1, 1, 2}, 3}};
  CHECK(balanced_class_weights(data) == std::vector<double>{6.0 / 9, 1, 2});
  CHECK(balanced_class_weights(Dataset<float>{{1}, std::vector<float>(2), Labels{{0, 2}, 3}})[1] == 0);
}

TEST_CASE("cross-validation is one training for each fold") {
  const Dataset<float> data = digits().flat().take(400);
  const auto result = cross_validate<Small>(data, quiet, 3);
  REQUIRE(result.folds.size() == 3);
  const std::vector<Fold> folds = k_folds(data, 3, 1);
  const Dataset<float> train = data.subset(folds[1].train), test = data.subset(folds[1].test);
  Model<Small> model{2};
  auto how = quiet;
  how.validation = test;
  CHECK(fit(model, train, how).last().validation.loss == result.folds[1].last().validation.loss);
  double mean = 0;
  for (const History& h : result.folds) mean += h.last().validation.loss / 3;
  CHECK(result.loss().mean == Approx(mean));
  CHECK(result.loss().deviation > 0);
  CHECK_THAT(result.text(), Contains("deviation"));
  CHECK_THROWS_WITH(cross_validate<Small>(data, how, 3),
                    Contains("cross_validate: expected a Fit without validation data"));
}

TEST_CASE("a sweep trains each network in the same way") {
  const Dataset<float> data = digits().flat().take(300);
  const Sweep named = sweep<Choice<"eight", Small>, Large>(data, quiet), wide = sweep_widths<Mlp, 8, 16>(data, quiet);
  REQUIRE(named.rows.size() == 2);
  CHECK(named.rows[0].name == "eight");
  CHECK(named.rows[1].parameters == 64 * 16 + 16 + 160 + 10);
  CHECK(wide.rows[0].history.last().training.loss == named.rows[0].history.last().training.loss);
  Model<Large> model{1};
  CHECK(fit(model, data, quiet).last().training.loss == wide.rows[1].history.last().training.loss);
  CHECK_THAT(wide.text(), Contains("1,210") && Contains("network"));
  CHECK(wide.plot().series[0].x == std::vector<double>{610, 1210});
  std::size_t sum = 0;
  for_each_network<Small, Large>([&]<class Net>() { sum += parameter_count<Net>; });
  for_each_width<3, 4>([&]<std::size_t Width>() { sum += Width; });
  CHECK(sum == 610 + 1210 + 7);
}

TEST_CASE("a model is chosen when the program runs") {
  using Any = AnyModel<Choice<"small", Small>, Choice<"large", Large>>;
  const Dataset<float> data = digits().flat().take(5);
  const std::string path = file(".safetensors");
  Any large("large", 3);
  const Model<Large> same{3};
  std::vector<float> got(50), expected(50);
  large.predict(data.features(), got);
  same.predict(data.features(), expected);
  CHECK(got == expected);
  CHECK(large.name() == "large");
  CHECK(large.parameter_count() == 1210);
  large.save(path);
  const Any loaded = Any::load(path);
  CHECK(loaded.index() == 1);
  loaded.predict(data.features(), got);
  CHECK(got == expected);
  CHECK_THROWS_WITH(Any("medium"), "AnyModel: expected the name of one of its networks, small, large, got medium");
  CHECK_THROWS_WITH(
      (AnyModel<Choice<"small", Small>, Choice<"other", Mlp<9>>>::load(path)),
      Contains("expected the tensors of one of the networks small, other, got those of none:\n  small: "));
  using Alike = AnyModel<Choice<"relu", Large>, Choice<"tanh", Sequential<Dense<64, 16>, Tanh, Dense<10>, Softmax>>>;
  CHECK_THROWS_WITH(Alike::load(path), Contains("got those of relu, tanh: say which, load(path, name)"));
  CHECK(Alike::load(path, "tanh").name() == "tanh");
  std::filesystem::remove(path);
}

TEST_CASE("the learning rate's search finds where the loss falls, and leaves the model alone") {
  const Dataset<float> data = digits().flat().take(640);
  Model<Large> model{1};
  const Model<Large> before = model;
  const LrCurve curve = find_lr(model, data, quiet, LrRange{.low = 1e-5, .high = 10});
  CHECK(std::ranges::equal(before.parameters().span(), model.parameters().span()));
  REQUIRE(curve.suggestion);
  CHECK(*curve.suggestion > 1e-3);
  CHECK(*curve.suggestion < 1);
  CHECK(curve.lr.front() == Approx(1e-5));
  CHECK(curve.lr[1] / curve.lr[0] == Approx(std::pow(1e6, 1.0 / 99)));
  CHECK(curve.plot().series.size() == 2);
  // numpy.gradient of the middle, whose least is taken
  CHECK(detail::steepest(LrCurve{{1, 2, 3, 4, 5, 6}, {9, 9, 8, 5, 4, 4}, {}}, 1) == 3.0);
  CHECK_FALSE(detail::steepest(LrCurve{{1, 2, 3}, {3, 2, 1}, {}}, 1));
  CHECK_THROWS_WITH(find_lr(model, data, quiet, LrRange{.low = 1, .high = 1}),
                    Contains("LrRange: high: expected above 1") || Contains("high: expected more than 1"));
  CHECK_THROWS_WITH(find_lr(model, data, quiet, LrRange{.steps = ~std::size_t{0}}),
                    Contains("LrRange: steps: expected 2 to 1000000, got"));
  CHECK(find_lr(model, data).lr.size() > 10);
  const Dataset<float> ignored{{64}, std::vector<float>(128), Labels{{ignore_index, ignore_index}, 10}};
  CHECK_THROWS_WITH(find_lr(model, ignored, quiet), Contains("find_lr: expected at least one label that counts"));
  const auto unlucky = augmented<Augment<Unlucky>>(typed<Shape<64>, Classes<10>>(data));
  CHECK_THROWS_WITH(find_lr(model, unlucky, quiet, LrRange{.low = 0.1}), "no luck");
  CHECK(std::ranges::equal(before.parameters().span(), model.parameters().span()));
}

TEST_CASE("a record's numbers have names") {
  const EpochRecord record{
      .training = {.loss = 1, .accuracy = 2}, .validation = {.loss = 3, .accuracy = 4}, .metrics = {{"val_mae", 5}}};
  std::vector<double> found;
  for (const std::string_view name : {"loss", "accuracy", "val_loss", "val_accuracy", "val_mae"})
    found.push_back(record.metric(name));
  CHECK(found == std::vector<double>{1, 2, 3, 4, 5});
  CHECK_THROWS_WITH(record.metric("mae"), Contains("got \"mae\""));
}

TEST_CASE("the class that a model takes a sample for") {
  const Dataset<float> data = digits().flat().take(20);
  Model<Small> model{1};
  const auto images = xt::adapt(data.features().data(), std::array<std::size_t, 2>{20, 64});
  const xt::xtensor<std::size_t, 1> classes = predict_class(model, images);
  const auto scores = model(images);
  for (std::size_t i = 0; i < 20; ++i) {
    const auto row = scores.data() + 10 * i;
    CHECK(classes(i) == static_cast<std::size_t>(std::max_element(row, row + 10) - row));
    CHECK(predict_class(model, data.sample(i)) == classes(i));
  }
  Model<Sequential<Dense<1, 1>, Sigmoid>> sure;
  Model<Sequential<Dense<1, 1>>> logit;
  sure.get<"0.weight">()(0, 0) = logit.get<"0.weight">()(0, 0) = 1;
  for (const float x : {-0.25F, 0.25F}) {
    CHECK(predict_class(sure, xt::xtensor<float, 1>{x}) == (x > 0 ? 1U : 0U));
    CHECK(predict_class(logit, xt::xtensor<float, 1>{x}) == (x > 0 ? 1U : 0U));
  }
  const xt::xtensor<float, 2> odd{{1}, {std::numeric_limits<float>::quiet_NaN()}};
  CHECK_THROWS_WITH(predict_class(logit, odd), Contains("got nan in output 0 of sample 1"));
}

TEST_CASE("a Jacobian is that of differences") {
  using Net = Sequential<Input<1, 4, 4>, Conv2D<2, 3>, Tanh, Flatten, Dense<3>, Softmax>;
  const Model<Net, double> model{5};
  xt::xtensor<double, 3> x(std::array<std::size_t, 3>{1, 4, 4});
  Stream random{1};
  for (double& v : x) v = random.normal<double>();
  const xt::xtensor<double, 2> J = jacobian(model, x);
  REQUIRE(J.shape()[0] == 3);
  REQUIRE(J.shape()[1] == 16);
  for (std::size_t j = 0; j < 16; ++j) {
    xt::xtensor<double, 3> more = x, less = x;
    more.flat(j) += 1e-5, less.flat(j) -= 1e-5;
    const auto a = model(more), b = model(less);
    for (std::size_t i = 0; i < 3; ++i) CHECK(J(i, j) == Approx((a(i) - b(i)) / 2e-5).margin(1e-9));
  }
  const std::vector<double> wrong(15);
  CHECK_THROWS_WITH(jacobian(model, std::span<const double>(wrong)),
                    "jacobian: expected one sample of 16 numbers, got 15");
}

TEST_CASE("callbacks look at layers and at the noise of gradients") {
  const Dataset<float> data = digits().flat().take(320);
  Model<Small> model{1};
  LayerStatistics layers;
  GradientNoise noise{.steps = 4};
  auto how = Fit{.optimizer = SGD{.lr = 0.01},
                 .epochs = 2,
                 .batch_size = 16,
                 .seed = 1,
                 .progress = Progress::Mode::quiet,
                 .callbacks = callbacks(layers, noise)};
  fit(model, data, how);
  REQUIRE(layers.epochs.size() == 2);
  REQUIRE(layers.epochs[1].size() == 4);
  const auto& row = layers.epochs[1][0];
  CHECK(row.name == "0.weight");
  double squares = 0, sum = 0;
  for (const float v : model.get<"0.weight">()) sum += static_cast<double>(v), squares += static_cast<double>(v * v);
  CHECK(row.mean == Approx(sum / 512));
  CHECK(row.rms == Approx(std::sqrt(squares / 512)));
  CHECK(row.gradient_rms > 0);
  CHECK_THAT(layers.text(), Contains("0.weight") && Contains("gradient rms"));
  REQUIRE(noise.epochs.size() == 2);
  CHECK(noise.scale() > 0);

  // A model whose gradient is known: y = w with targets +-1 + mean, one gradient 2 (w - t) a sample, held still by a
  // rate of 0.
  std::vector<float> targets(4096);
  Stream random{3};
  for (float& t : targets) t = 0.5F + random.normal<float>();
  const Dataset<float> spread{{1}, std::vector<float>(4096, 1.F), Targets{targets, 1}};
  Model<Sequential<Dense<1, 1, bias<false>>>> one;
  one.get<"0.weight">()(0, 0) = 0;
  GradientNoise known{.steps = 8};
  fit(one, spread,
      Fit{.loss = MeanSquaredError{},
          .optimizer = SGD{.lr = 0},
          .epochs = 1,
          .batch_size = 8,
          .seed = 1,
          .progress = Progress::Mode::quiet,
          .callbacks = callbacks(known)});
  CHECK(known.scale() == Approx(1 / 0.25).epsilon(0.15));  // variance of the targets over the square of their mean
}
