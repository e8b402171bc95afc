#include <tenon/tenon.hpp>

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/message_of.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace tenon;
using tenon::test::message_of;

namespace {

using Net = Sequential<Dense<64, 24>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
constexpr auto quiet = Progress::Mode::quiet;

Dataset<float> some_digits(std::size_t count = 200) { return digits().take(count); }

template <class M>
bool same_bits(const M& a, const M& b) {
  const auto x = a.parameters().span(), y = b.parameters().span();
  return std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

/// What `work` writes to stderr, which is a file meanwhile, and so no terminal.
template <class F>
std::string stderr_of(F work) {
  std::FILE* const file = std::tmpfile();
  std::fflush(stderr);
  const int kept = dup(2);
  dup2(fileno(file), 2);
  work();
  std::fflush(stderr);
  dup2(kept, 2);
  close(kept);
  std::string text;
  std::rewind(file);
  for (int c = 0; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("a network learns, and its history has every epoch") {
  const auto [train, test] = some_digits(600).stratified_split(0.8, 1);
  Model<Net> model{1};
  const Scores before = evaluate(model, test, CrossEntropy{});
  const History history = fit(model, train,
                              Fit{.loss = CrossEntropy{},
                                  .optimizer = Adam{.lr = 3e-3},
                                  .epochs = 12,
                                  .batch_size = 32,
                                  .validation = test,
                                  .progress = quiet});

  REQUIRE(history.epochs.size() == 12);
  CHECK_FALSE(history.empty());
  for (std::size_t e = 0; e < 12; ++e) {
    const EpochRecord& record = history.epochs[e];
    CHECK(record.epoch == e + 1);
    CHECK(record.seconds > 0);
    CHECK(record.training.accuracy >= 0);
    CHECK(record.training.accuracy <= 1);
    CHECK(std::isfinite(record.validation.loss));
  }
  CHECK(history.epochs[0].training.loss > 2 * history.last().training.loss);
  CHECK(history.last().training.accuracy > history.epochs[0].training.accuracy);

  // The last validation is of the weights that are left.
  const Scores after = evaluate(model, test, CrossEntropy{});
  CHECK(history.last().validation.loss == after.loss);
  CHECK(history.last().validation.accuracy == after.accuracy);
  CHECK(after.accuracy > 0.85);
  CHECK(before.accuracy < 0.4);
}

TEST_CASE("what an epoch records is the mean over its samples, with weights that move") {
  // With a learning rate of zero nothing moves, and without dropout training computes what
  // evaluation does.
  using Still = Sequential<Dense<64, 24>, ReLU, Dense<10>, Softmax>;
  const auto data = some_digits(100);
  Model<Still> model{1};
  const Scores expected = evaluate(model, data, CrossEntropy{});
  const auto record = [&](auto loss) {
    return fit(model, data, Fit{.loss = loss, .optimizer = SGD{.lr = 0}, .batch_size = 32, .progress = quiet}).last();
  };
  CHECK(record(CrossEntropy{}).training.loss == Approx(expected.loss).epsilon(1e-6));
  CHECK(record(CrossEntropy{}).training.accuracy == expected.accuracy);
  CHECK(std::isnan(record(CrossEntropy{}).validation.loss));
  CHECK(record(CrossEntropy{.reduction = Reduction::sum}).training.loss == Approx(100 * expected.loss).epsilon(1e-6));
}

TEST_CASE("target numbers are learnt too, in either precision") {
  const auto learn = [](auto zero) {
    using T = decltype(zero);
    std::vector<T> x, y;
    for (int i = 0; i < 64; ++i) {
      x.push_back(static_cast<T>(i) / 32 - 1);
      y.push_back(3 * x.back() - 1);
    }
    const Dataset<T> data{{1}, x, Targets<T>{y, 1}};
    Model<Dense<1, 1>, T> line{1};
    const auto history = fit(line, data,
                             Fit{.loss = MeanSquaredError{},
                                 .optimizer = SGD{.lr = 0.1, .momentum = 0.9},
                                 .epochs = 60,
                                 .batch_size = 16,
                                 .validation = data,
                                 .progress = quiet});
    CHECK(std::isnan(history.last().training.accuracy));
    CHECK(std::isnan(history.last().validation.accuracy));
    CHECK(history.last().validation.loss < 1e-6);
    CHECK(line.template get<"weight">()(0, 0) == Approx(3).epsilon(1e-3));
    CHECK(line.template get<"bias">()(0) == Approx(-1).epsilon(1e-3));
  };
  learn(0.0f);
  learn(0.0);
}

TEST_CASE("the seed decides everything") {
  const auto data = some_digits();
  const auto train = [&](std::uint64_t weights, std::uint64_t seed, bool shuffle = true) {
    Model<Net> model{weights};
    fit(model, data,
        Fit{.loss = CrossEntropy{},
            .epochs = 2,
            .batch_size = 32,
            .seed = seed,
            .shuffle = shuffle,
            .progress = quiet});
    return model;
  };
  const auto model = train(1, 5);
  CHECK(same_bits(model, train(1, 5)));
  CHECK_FALSE(same_bits(model, train(1, 6)));
  CHECK_FALSE(same_bits(model, train(2, 5)));
  CHECK_FALSE(same_bits(model, train(1, 5, false)));
}

TEST_CASE("validation only looks") {
  const auto [train, test] = some_digits().stratified_split(0.8, 1);
  Model<Net> with{1}, without{1};
  fit(with, train, Fit{.loss = CrossEntropy{}, .epochs = 2, .validation = test, .progress = quiet});
  fit(without, train, Fit{.loss = CrossEntropy{}, .epochs = 2, .progress = quiet});
  CHECK(same_bits(with, without));
}

TEST_CASE("a part of the data can be kept for validation") {
  const auto data = some_digits();
  const auto [train, test] = data.stratified_split(0.75, 9);
  Model<Net> split{1}, by_hand{1};
  const auto history = fit(
      split, data, Fit{.loss = CrossEntropy{}, .epochs = 2, .validation_split = 0.25, .seed = 9, .progress = quiet});
  const auto expected = fit(by_hand, train,
                            Fit{.loss = CrossEntropy{}, .epochs = 2, .validation = test, .seed = 9, .progress = quiet});
  CHECK(same_bits(split, by_hand));
  CHECK(history.last().validation.loss == expected.last().validation.loss);
  for (const double part : {-0.1, 1.0, std::nan("")})
    CHECK_THROWS_WITH(fit(split, data, Fit{.loss = CrossEntropy{}, .validation_split = part, .progress = quiet}),
                      Contains("validation_split"));
}

TEST_CASE("unusual amounts") {
  const auto data = some_digits(50);
  Model<Net> model{1};
  const Model<Net> untouched = model;

  SECTION("no epochs") {
    const auto history = fit(model, data, Fit{.loss = CrossEntropy{}, .epochs = 0, .progress = quiet});
    CHECK(history.empty());
    CHECK(same_bits(model, untouched));
  }
  SECTION("a batch larger than the data is all of them") {
    Model<Net> other{1};
    fit(model, data, Fit{.loss = CrossEntropy{}, .epochs = 2, .batch_size = std::size_t{1} << 60, .progress = quiet});
    fit(other, data, Fit{.loss = CrossEntropy{}, .epochs = 2, .batch_size = 50, .progress = quiet});
    CHECK(same_bits(model, other));
  }
  SECTION("one sample at a time") {
    fit(model, data, Fit{.loss = CrossEntropy{}, .batch_size = 1, .progress = quiet});
    CHECK_FALSE(same_bits(model, untouched));
  }
  SECTION("one sample in all") {
    const auto one = data.take(1);
    CHECK(fit(model, one, Fit{.loss = CrossEntropy{}, .epochs = 3, .progress = quiet}).epochs.size() == 3);
  }
}

TEST_CASE("data that do not fit are refused, and the model stays as it was") {
  const auto data = some_digits(50);
  Model<Net> model{1};
  const Model<Net> untouched = model;
  const auto refusal = [&](const Dataset<float>& train, const Dataset<float>& validation) {
    return message_of(
        [&] { fit(model, train, Fit{.loss = CrossEntropy{}, .validation = validation, .progress = quiet}); });
  };
  const std::vector<float> features(data.features().begin(), data.features().end());
  const Dataset<float> empty;
  const Dataset<float> narrow{{32}, features, Labels{std::vector<std::int32_t>(100, 1), 10}};
  std::vector<std::int32_t> labels(50, 3);
  labels[17] = 12;
  const Dataset<float> outside{{64}, features, Labels{labels, 26}};
  const Dataset<float> bare{{64}, features};

  CHECK(refusal(empty, data) == "fit: expected at least one sample, got none");
  CHECK(refusal(narrow, data) == "fit: the network takes samples of 64 numbers, got samples of 32");
  CHECK(refusal(outside, data) == "fit: the network tells 10 classes apart, got label 12 of sample 17");
  CHECK_THAT(refusal(bare, data), StartsWith("fit: "));
  CHECK(refusal(data, narrow) == "fit, validation data: the network takes samples of 64 numbers, got samples of 32");
  CHECK_THAT(refusal(data, outside), Contains("validation") && Contains("label 12 of sample 17"));
  CHECK_THAT(refusal(data, empty), Contains("validation") && Contains("at least one sample"));
  CHECK_THAT(message_of([&] { fit(model, data, Fit{.loss = CrossEntropy{}, .batch_size = 0, .progress = quiet}); }),
             Contains("batch_size"));
  CHECK_THAT(message_of([&] { fit(model, data, Fit{.loss = MeanSquaredError{}, .progress = quiet}); }),
             Contains("class labels"));
  CHECK(same_bits(model, untouched));
}

TEST_CASE("training that leaves the numbers stops and says where") {
  const auto data = some_digits(100);

  SECTION("a learning rate far too large") {
    using Deep = Sequential<Named<"body", Sequential<Dense<64, 24>, ReLU, Dense<24>>>, ReLU, Dense<10>, Softmax>;
    Model<Deep> model{1};
    const auto message = message_of([&] {
      fit(model, data,
          Fit{.loss = CrossEntropy{}, .optimizer = SGD{.lr = 1e30}, .epochs = 5, .batch_size = 32, .progress = quiet});
    });
    INFO(message);
    CHECK_THAT(message, StartsWith("fit: expected a finite loss, got ") && Contains("epoch 1, step 2"));
    CHECK_THAT(message, Contains("layer body.") || Contains("layer 2"));
  }
  SECTION("a NaN among the data") {
    Dataset<float> spoilt = data;
    spoilt.features()[64 * 70 + 5] = std::numeric_limits<float>::quiet_NaN();
    Model<Net> model{1};
    const auto message = message_of(
        [&] { fit(model, spoilt, Fit{.loss = CrossEntropy{}, .epochs = 5, .batch_size = 32, .progress = quiet}); });
    INFO(message);
    CHECK_THAT(message, StartsWith("fit: expected a finite loss, got ") && Contains("epoch 1") &&
                            Contains("sample 70 of the data"));
  }
  SECTION("a NaN among the targets") {
    Model<Dense<64, 1>> model{1};
    std::vector<float> targets(100, 1.0f);
    targets[4] = std::numeric_limits<float>::quiet_NaN();
    const Dataset<float> spoilt{{64}, {data.features().begin(), data.features().end()}, Targets<float>{targets, 1}};
    const auto message = message_of([&] {
      fit(model, spoilt, Fit{.loss = MeanSquaredError{}, .optimizer = SGD{}, .batch_size = 10, .progress = quiet});
    });
    INFO(message);
    CHECK_THAT(message, Contains("target of sample 4"));
  }
  SECTION("in the very last step") {
    Model<Net> model{1};
    const auto message = message_of([&] {
      fit(model, data,
          Fit{.loss = CrossEntropy{.reduction = Reduction::sum},
              .optimizer = SGD{.lr = 3e38},
              .batch_size = 100,
              .progress = quiet});
    });
    INFO(message);
    CHECK_THAT(message, Contains("0.weight") && Contains("epoch 1, step 1"));
  }
}

TEST_CASE("in a pipe, one plain line an epoch") {
  const auto [train, test] = some_digits().stratified_split(0.8, 1);
  const auto output = [&, &train = train, &test = test](Progress::Mode mode) {
    return stderr_of([&] {
      Model<Net> model{1};
      fit(model, train, Fit{.loss = CrossEntropy{}, .epochs = 2, .validation = test, .progress = mode});
    });
  };
  for (const auto mode : {Progress::Mode::automatic, Progress::Mode::plain}) {
    const std::string text = output(mode);
    INFO(text);
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
    CHECK(text.find_first_of("\r\033") == std::string::npos);
    CHECK_THAT(text, StartsWith("epoch 1/2  loss ") && Contains("epoch 2/2") && Contains("  accuracy 0.") &&
                         Contains("  val_loss ") && Contains("  val_accuracy 0."));
  }
  CHECK(output(quiet).empty());
  const std::string measured = stderr_of([&, &train = train, &test = test] {
    Model<Net> model{1};
    fit(model, train,
        Fit{.validation = test, .progress = Progress::Mode::plain, .metrics = metrics(TopKAccuracy<3>{})});
  });
  CHECK_THAT(measured, Contains("  val_accuracy 0.") && Contains("  val_top_3_accuracy 0."));
}

TEST_CASE("without a Fit, once over the data with cross-entropy and Adam") {
  const Dataset<float> data = some_digits();
  Model<Net> plain{3}, explicit_loss{3};
  const History history = fit(plain, data);
  const History same = fit(explicit_loss, data,
                           Fit{.loss = CrossEntropy{}, .optimizer = Adam{}, .epochs = 1, .batch_size = 32});
  CHECK(history.epochs.size() == 1);
  CHECK(same_bits(plain, explicit_loss));
  CHECK(evaluate(plain, data).loss == evaluate(plain, data, CrossEntropy{}).loss);
}

TEST_CASE("data of another precision are converted") {
  const Dataset<float> single = some_digits();
  const Dataset<double> twice = single.as<double>();
  Model<Net, double> a{3}, b{3};
  const History of_single = fit(a, single, Fit{.epochs = 2, .validation = single, .progress = quiet});
  const History of_twice = fit(b, twice, Fit{.epochs = 2, .validation = twice, .progress = quiet});
  CHECK(same_bits(a, b));
  CHECK(of_single.last().validation.loss == of_twice.last().validation.loss);
  CHECK(evaluate(a, single, CrossEntropy{}).loss == evaluate(b, twice, CrossEntropy{}).loss);
  CHECK(evaluate(a, digits().flat()).accuracy > 0.1);
  Accuracy one, other;
  measure(a, single, one);
  measure(a, twice, other);
  CHECK(one.value() == other.value());
}
