#include <tenon/tenon.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/folder.hpp"
#include "support/golden.hpp"
#include "support/message_of.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using tenon::test::message_of;

namespace {

const test::Golden& file() {
  static const test::Golden f("metrics");
  return f;
}
const test::Golden& several_labels() {
  static const test::Golden f("multi_label");
  return f;
}
std::vector<double> golden(const std::string& name) { return file().values(name); }
double one(const std::string& name) { return golden(name).at(0); }

/// The case, shown in batches of seven.
template <class T>
struct Case {
  std::vector<T> outputs, targets;
  std::vector<std::int32_t> labels;
  std::size_t width;

  Case(const std::string& name, std::size_t w, const test::Golden& from = file()) : width(w) {
    const auto golden = [&](const std::string& what) { return from.values(what); };
    for (const double v : golden(name + ".outputs")) outputs.push_back(static_cast<T>(v));
    if (from.has(name + ".labels"))
      for (const double v : golden(name + ".labels")) labels.push_back(static_cast<std::int32_t>(v));
    else
      for (const double v : golden(name + ".targets")) targets.push_back(static_cast<T>(v));
  }
  Predictions<T> part(std::size_t first, std::size_t count) const {
    Predictions<T> p{.outputs = {outputs.data() + first * width, count, width}, .width = width};
    if (!labels.empty()) p.labels = std::span(labels).subspan(first, count);
    else p.targets = {targets.data() + first * width, count, width};
    return p;
  }
  template <Metric M>
  M shown(M metric) const {
    const std::size_t samples = outputs.size() / width;
    for (std::size_t first = 0; first < samples; first += 7)
      metric.update(part(first, std::min<std::size_t>(7, samples - first)));
    return metric;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("metrics of classes are scikit-learn's", "", float, double) {
  for (const auto& [name, width] : {std::pair<std::string, std::size_t>{"five", 5}, {"two", 2}, {"ties", 4}}) {
    INFO(name);
    const Case<TestType> c(name, width);
    const double tolerance = 1e-6;
    CHECK(c.shown(Accuracy{}).value() == Approx(one(name + ".accuracy")).epsilon(tolerance));
    CHECK(c.shown(Perplexity{}).value() == Approx(one(name + ".perplexity")).epsilon(tolerance));
    CHECK(c.shown(RocAuc{}).value() == Approx(one(name + ".auc")).epsilon(tolerance));
    CHECK(c.shown(Precision{}).value() == Approx(one(name + ".precision.macro")).epsilon(tolerance));
    CHECK(c.shown(Precision{Average::micro}).value() == Approx(one(name + ".precision.micro")).epsilon(tolerance));
    CHECK(c.shown(Recall{}).value() == Approx(one(name + ".recall.macro")).epsilon(tolerance));
    CHECK(c.shown(Recall{Average::micro}).value() == Approx(one(name + ".recall.micro")).epsilon(tolerance));
    CHECK(c.shown(F1{}).value() == Approx(one(name + ".f1.macro")).epsilon(tolerance));
    CHECK(c.shown(F1{Average::micro}).value() == Approx(one(name + ".f1.micro")).epsilon(tolerance));
    const auto confusion = c.shown(ConfusionMatrix{});
    const auto expected = golden(name + ".confusion");
    REQUIRE(confusion.classes() == width);
    for (std::size_t t = 0; t < width; ++t)
      for (std::size_t p = 0; p < width; ++p)
        CHECK(static_cast<double>(confusion.count(t, p)) == expected[t * width + p]);
  }
  const Case<TestType> five("five", 5);
  CHECK(five.shown(TopKAccuracy<2>{}).value() == Approx(one("five.top2")));
  CHECK(five.shown(TopKAccuracy<3>{}).value() == Approx(one("five.top3")));
  CHECK(five.shown(TopKAccuracy<1>{}).value() == Approx(one("five.accuracy")));
}

TEMPLATE_TEST_CASE("metrics of values are scikit-learn's", "", float, double) {
  const Case<TestType> c("values", 3);
  CHECK(c.shown(MAE{}).value() == Approx(one("values.mae")).epsilon(1e-6));
  CHECK(c.shown(RMSE{}).value() == Approx(one("values.rmse")).epsilon(1e-6));
  CHECK(c.shown(R2{}).value() == Approx(one("values.r2")).epsilon(1e-6));
}

TEMPLATE_TEST_CASE("metrics of several labels are scikit-learn's", "", float, double) {
  const auto labels = [](const std::string& what) { return several_labels().value(what); };
  const Case<TestType> several("several", 4, several_labels());
  const auto all = several.shown(MultiLabelMatrix{});
  CHECK(all.value() == Approx(labels("several.accuracy")).epsilon(1e-12));
  CHECK(several.shown(SubsetAccuracy{}).value() == all.value());
  CHECK(several.shown(HammingLoss{}).value() == Approx(labels("several.hamming")).epsilon(1e-12));
  CHECK(several.shown(MultiLabelPrecision{}).value() == Approx(labels("several.precision.macro")).epsilon(1e-12));
  CHECK(several.shown(MultiLabelRecall{}).value() == Approx(labels("several.recall.macro")).epsilon(1e-12));
  CHECK(several.shown(MultiLabelF1{}).value() == Approx(labels("several.f1.macro")).epsilon(1e-12));
  CHECK(several.shown(MultiLabelPrecision{Average::micro}).value() ==
        Approx(labels("several.precision.micro")).epsilon(1e-12));
  CHECK(several.shown(MultiLabelRecall{Average::micro}).value() ==
        Approx(labels("several.recall.micro")).epsilon(1e-12));
  CHECK(several.shown(MultiLabelF1{Average::micro}).value() == Approx(labels("several.f1.micro")).epsilon(1e-12));
  const auto matrices = several_labels().values(
      "several.confusion");  // of each label: true negatives, false positives, false negatives, true positives
  for (std::size_t j = 0; j < 4; ++j) {
    const MultiLabelMatrix::Counts& c = all.counts(j);
    const std::uint64_t got[]{c.neither, c.only_predicted, c.only_is, c.both};
    for (std::size_t k = 0; k < 4; ++k) CHECK(static_cast<double>(got[k]) == matrices[4 * j + k]);
  }
  CHECK(all.f1(3) == 0);
  CHECK(std::isnan(MultiLabelF1{}.value()));
  CHECK(std::isnan(HammingLoss{}.value()));
  MultiLabelMatrix other = all;
  other.reset();
  CHECK(std::isnan(other.value()));
  CHECK_THROWS_WITH(all.counts(4), "multi-label matrix: expected a label below 4, got 4");
  CHECK_THROWS_WITH(all.precision(9), Contains("below 4, got 9"));
  CHECK_THROWS_WITH(other.recall(0), Contains("below 0, got 0"));
  CHECK_THROWS_WITH(other.f1(0), Contains("below 0, got 0"));
}

TEMPLATE_TEST_CASE("an output that is no number has no label right", "", float, double) {
  const auto nan = std::numeric_limits<TestType>::quiet_NaN();
  const std::vector<TestType> outputs{nan, nan, TestType(0.9), TestType(0.1)}, targets{0, 1, 1, 0};
  const Predictions<TestType> p{.outputs = {outputs.data(), 2, 2}, .width = 2, .targets = {targets.data(), 2, 2}};
  const auto value = [&](auto metric) {
    metric.update(p);
    return metric.value();
  };
  CHECK(value(SubsetAccuracy{}) == 0.5);
  CHECK(value(HammingLoss{}) == 0.5);
  CHECK(value(MultiLabelPrecision{}) == 0.25);
  CHECK(value(MultiLabelRecall{}) == 0.5);
}

TEST_CASE("of several labels, no number is right, and no target is beyond 0 and 1") {
  const double nan = std::nan("");
  const std::vector<double> outputs{nan, 0.9, nan, 0.1};
  std::vector<double> targets{0, 1, 1, 0};
  HammingLoss loss;
  const auto show = [&] { loss.update(Predictions<double>{{outputs.data(), 2, 2}, 2, {}, {targets.data(), 2, 2}}); };
  show();
  CHECK(loss.value() == 0.5);
  CHECK(loss.subset_accuracy() == 0);
  CHECK((loss.counts(0).only_predicted == 1 && loss.counts(0).only_is == 1));
  CHECK_THROWS_WITH(loss.f1(2), "multi-label matrix: expected a label below 2, got 2");
  targets[3] = 2;
  CHECK_THROWS_WITH(show(),
                    "multi-label matrix: expected targets from 0 to 1, got 2 as number 1 of sample 1 of the batch");
  targets[3] = nan;
  CHECK_THROWS_WITH(show(), Catch::Contains("got nan"));
}

TEST_CASE("one output is the score of class 1") {
  const std::vector<double> scores{0.1, 0.4, 0.35, 0.8};
  const std::vector<std::int32_t> labels{0, 0, 1, 1};
  const Predictions<double> p{.outputs = {scores.data(), 4, 1}, .width = 1, .labels = labels};
  Accuracy accuracy;
  RocAuc auc;
  ConfusionMatrix confusion;
  Perplexity perplexity;
  accuracy.update(p), auc.update(p), confusion.update(p), perplexity.update(p);
  CHECK(accuracy.value() == 0.75);
  CHECK(auc.value() == 0.75);  // scikit-learn's own example
  CHECK(confusion.count(1, 0) == 1);
  CHECK(perplexity.value() == Approx(std::exp(-(std::log(0.9) + std::log(0.6) + std::log(0.35) + std::log(0.8)) / 4)));
  confusion.threshold = 0.3;
  confusion.reset();
  confusion.update(p);
  CHECK(confusion.count(1, 1) == 2);
  CHECK(confusion.count(0, 1) == 1);
  CHECK(confusion.recall(1) == 1);
  CHECK(confusion.precision(1) == Approx(2.0 / 3));
  CHECK_THROWS_WITH(confusion.count(0, 2), "confusion matrix: expected a class below 2, got 2");
  CHECK_THROWS_WITH(confusion.support(7), Contains("got 7"));
}

TEST_CASE("the two ways to give one output's probability have one perplexity") {
  const std::vector<double> p{0.1, 0.4, 0.35, 0.8}, logs{std::log(0.1), std::log(0.4), std::log(0.35), std::log(0.8)};
  const std::vector<std::int32_t> labels{0, 0, 1, 1};
  Perplexity plain, of_logs;
  of_logs.log_probabilities = true;
  plain.update(Predictions<double>{.outputs = {p.data(), 4, 1}, .width = 1, .labels = labels});
  of_logs.update(Predictions<double>{.outputs = {logs.data(), 4, 1}, .width = 1, .labels = labels});
  CHECK(of_logs.value() == Approx(plain.value()));
}

TEST_CASE("equal scores and NaN count as no more than chance") {
  const std::vector<std::int32_t> labels{0, 1, 2};
  const auto shown = [&](auto metric, const std::vector<double>& outputs, std::size_t width) {
    metric.update(Predictions<double>{
        .outputs = {outputs.data(), 3, width}, .width = width, .labels = std::span(labels).first(3)});
    return metric.value();
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> alike(9, 0.25), broken(9, nan), part{0.1, nan, 0.2, nan, 0.5, 0.1, 0.3, 0.2, 0.1};
  // Of equal scores the earlier class comes first, as in Accuracy.
  CHECK(shown(Accuracy{}, alike, 3) == Approx(1.0 / 3));
  CHECK(shown(TopKAccuracy<1>{}, alike, 3) == Approx(1.0 / 3));
  CHECK(shown(TopKAccuracy<2>{}, alike, 3) == Approx(2.0 / 3));
  CHECK(shown(TopKAccuracy<3>{}, alike, 3) == 1);
  CHECK(shown(TopKAccuracy<3>{}, broken, 3) == 0);
  CHECK(shown(Accuracy{}, broken, 3) == 0);
  CHECK(shown(Accuracy{}, part, 3) == 0);
  for (const auto& scored : {broken, part}) {
    CHECK(shown(ConfusionMatrix{}, scored, 3) == 0);
    CHECK(shown(Recall{}, scored, 3) + shown(Precision{}, scored, 3) + shown(F1{}, scored, 3) == 0);
  }
  ConfusionMatrix missed;
  missed.update(Predictions<double>{.outputs = {part.data(), 3, 3}, .width = 3, .labels = labels});
  CHECK(missed.support(0) == 1);
  CHECK(missed.count(0, 0) + missed.count(0, 1) + missed.count(0, 2) == 0);
  CHECK(missed.count(2, 0) == 1);
  // and so it is where training and `evaluate` count
  const auto counted = [&](const std::vector<double>& outputs, std::size_t width) {
    return detail::count_correct(Rows<const double>{outputs.data(), 3, width}, width, std::span(labels).first(3), 0.5);
  };
  CHECK(counted(alike, 3) == 1);
  CHECK(counted(broken, 3) + counted(part, 3) + counted(broken, 1) == 0);
  CHECK(shown(TopKAccuracy<1>{}, part, 3) == 0);
  CHECK(shown(TopKAccuracy<2>{}, part, 3) == Approx(1.0 / 3));  // the second sample: 0.5 behind a NaN
  CHECK(shown(RocAuc{}, alike, 3) == 0.5);
  CHECK(std::isnan(shown(RocAuc{}, broken, 3)));
  CHECK(std::isnan(shown(RocAuc{}, part, 3)));
  // One output: two classes, separated by the threshold.
  const std::vector<std::int32_t> two{0, 1, 1};
  const std::vector<double> scores{0.9, 0.1, 0.8};
  TopKAccuracy<1> first, broken_one;
  TopKAccuracy<2> both;
  Accuracy none_right;
  const Predictions<double> no_numbers{.outputs = {broken.data(), 3, 1}, .width = 1, .labels = two};
  none_right.update(no_numbers);
  broken_one.update(no_numbers);
  CHECK(none_right.value() + broken_one.value() == 0);
  const Predictions<double> p{.outputs = {scores.data(), 3, 1}, .width = 1, .labels = two};
  first.update(p), both.update(p);
  CHECK(first.value() == Approx(1.0 / 3));
  CHECK(both.value() == 1);
}

TEST_CASE("a metric without samples is NaN, and so it is after a reset") {
  Accuracy accuracy;
  R2 r2;
  F1 f1;
  CHECK(std::isnan(accuracy.value()));
  CHECK(std::isnan(r2.value()));
  CHECK(std::isnan(f1.value()));
  const Case<double> c("five", 5);
  auto shown = c.shown(Accuracy{});
  shown.reset();
  CHECK(std::isnan(shown.value()));
  // a constant target: hit or missed
  const std::vector<double> target{2, 2}, hit{2, 2}, missed{2, 3};
  R2 constant;
  constant.update(
      Predictions<double>{.outputs = {hit.data(), 2, 1}, .width = 1, .labels = {}, .targets = {target.data(), 2, 1}});
  CHECK(constant.value() == 1);
  constant.update(Predictions<double>{
      .outputs = {missed.data(), 2, 1}, .width = 1, .labels = {}, .targets = {target.data(), 2, 1}});
  CHECK(constant.value() == 0);
  const std::vector<double> broken{2, std::nan("")};
  constant.update(Predictions<double>{
      .outputs = {broken.data(), 2, 1}, .width = 1, .labels = {}, .targets = {target.data(), 2, 1}});
  CHECK(std::isnan(constant.value()));
}

TEST_CASE("labels or outputs that a metric cannot take are an Error that names it") {
  const Case<double> c("five", 5);
  auto p = c.part(0, 7);
  std::vector<std::int32_t> wrong(p.labels.begin(), p.labels.end());
  wrong[3] = 5;
  p.labels = wrong;
  CHECK_THAT(message_of([&] { Accuracy{}.update(p); }),
             Contains("accuracy: expected labels from 0 to 4, got 5 of sample 3"));
  p.labels = {};
  CHECK_THAT(message_of([&] { RocAuc{}.update(p); }),
             Contains("ROC AUC: expected a label for each of 7 samples, got 0"));
  CHECK_THAT(message_of([&] { MAE{}.update(c.part(0, 7)); }), Contains("MAE: expected values as targets"));
  auto confusion = c.shown(ConfusionMatrix{});
  CHECK_THAT(message_of([&] { confusion.update(Case<double>("two", 2).part(0, 3)); }),
             Contains("expected 5 classes as before, got 2"));
  auto auc = c.shown(RocAuc{});
  CHECK_THAT(message_of([&] { auc.update(Case<double>("two", 2).part(0, 3)); }),
             Contains("ROC AUC: expected outputs of 5 numbers as before, got 2"));
  auc.reset();
  auc.update(Case<double>("two", 2).part(0, 61));
  CHECK(auc.value() == Approx(one("two.auc")));
  const Case<double> values("values", 3);
  auto rmse = values.shown(RMSE{});
  auto narrow = values.part(0, 7);
  narrow.width = 2;
  CHECK_THAT(message_of([&] { rmse.update(narrow); }),
             Contains("RMSE: expected outputs of 3 numbers as before, got 2"));
}

TEST_CASE("a model is measured in one pass") {
  using Net = Sequential<Dense<64, 20>, ReLU, Dense<10>, Softmax>;
  const auto [train, test] = digits().stratified_split(0.8, 1);
  Model<Net> model{1};
  fit(model, train, Fit{.epochs = 3, .progress = Progress::Mode::quiet});
  Accuracy accuracy;
  TopKAccuracy<3> top3;
  Perplexity perplexity;
  ConfusionMatrix confusion;
  RocAuc auc;
  measure(model, test, accuracy, top3, perplexity, confusion, auc);
  const Scores scores = evaluate(model, test, CrossEntropy{});
  CHECK(accuracy.value() == Approx(scores.accuracy));
  CHECK(confusion.value() == Approx(scores.accuracy));
  CHECK(std::log(perplexity.value()) == Approx(scores.loss).epsilon(1e-5));
  CHECK(top3.value() > accuracy.value());
  CHECK(auc.value() > 0.95);
  CHECK_THAT(confusion.text(), Contains("truth \\ predicted") && Contains("recall"));
  const Dataset<float> narrow{{8}, std::vector<float>(16), Labels{{0, 1}, 10}};
  CHECK_THAT(message_of([&] { measure(model, narrow, accuracy); }),
             Contains("measure: expected samples of 64 numbers, got 8"));
}

namespace {

using Several = Graph<In<"x", 2>, Node<"digit", Sequential<Dense<3>, Softmax>, "x">, Node<"value", Dense<2>, "x">,
                      Out<"digit", "value">>;

/// Twelve points; label 4 is ignored.
Dataset<float> several() {
  std::vector<float> x, value;
  std::vector<std::int32_t> digit;
  for (int i = 0; i < 12; ++i) {
    x.insert(x.end(), {static_cast<float>(i % 5) / 4, static_cast<float>(i % 3) / 2});
    value.insert(value.end(), {static_cast<float>(i) / 8, 1});
    digit.push_back(i == 4 ? ignore_index : i % 3);
  }
  return Dataset<float>{Features<float>{"x", {2}, x}, Targets<float>{value, 2}.named("value"),
                        Labels{digit, 3}.named("digit")};
}
/// Says by how much the first number is too large, on the whole; more of it is neither better nor worse.
struct FirstError {
  double sum = 0;
  template <class T>
  void update(const Predictions<T>& p) {
    for (std::size_t i = 0; i < p.count(); ++i) sum += static_cast<double>(p.outputs[i][0] - p.targets[i][0]);
  }
  double value() const { return sum; }
  void reset() { sum = 0; }
};

}  // namespace

TEST_CASE("a metric of several outputs is of the one it names") {
  Model<Several> model{3};
  const Dataset<float> data = several();
  Accuracy accuracy;
  MAE error, crossed;
  measure(model, data, on<"digit">(accuracy), on<"value">(error));
  std::vector<float> y(12 * 5);
  model.predict(data.features(), y);
  double wrong = 0;
  std::size_t right = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    const float* row = y.data() + 5 * i;
    if (i != 4) right += static_cast<std::size_t>(std::max_element(row, row + 3) - row) == i % 3 ? 1 : 0;
    wrong += std::abs(row[3] - static_cast<float>(i) / 8) + std::abs(row[4] - 1);
  }
  CHECK(accuracy.seen == 11);
  CHECK(accuracy.correct == right);
  CHECK(error.value() == Approx(wrong / 24));
  // a network of one output may say its name or not, and compare with any column
  using One = Graph<In<"x", 2>, Node<"value", Dense<2>>, Out<"value">>;
  Model<One> one{3};
  measure(one, data.select({"x", "value"}), error, on<"value", "x">(crossed));
  CHECK(crossed.value() > 0);
  CHECK_THAT(message_of([&] { measure(model, data, on<"value", "price">(error)); }),
             Contains("measure: expected a column \"price\" for the output \"value\", got"));
  CHECK_THAT(
      message_of([&] { measure(model, data, on<"value", "digit">(error)); }),
      Contains("measure: the metric of the output \"value\" compares with numbers, expected such a column, got digit"));
}

namespace {

const auto several_losses = on<"digit">(CrossEntropy{}) + on<"value">(MeanSquaredError{});

/// Trains with three metrics.
template <class... Callbacks>
History train_measured(Model<Several>& model, std::size_t epochs, Callbacks... callback) {
  const Dataset<float> data = several();
  return fit(model, data,
             Fit{.loss = several_losses,
                 .optimizer = Adam{.lr = 0.05},
                 .epochs = epochs,
                 .batch_size = 4,
                 .validation = data,
                 .progress = Progress::Mode::quiet,
                 .callbacks = callbacks(callback...),
                 .metrics = metrics(on<"value">(MAE{}), on<"digit">(TopKAccuracy<2>{}), on<"value">(FirstError{}))});
}

}  // namespace

TEST_CASE("the metrics of a Fit are in every epoch's record") {
  const Dataset<float> data = several();
  Model<Several> model{3}, plain{3};
  const History history = train_measured(model, 4);
  fit(plain, data,
      Fit{.loss = several_losses,
          .optimizer = Adam{.lr = 0.05},
          .epochs = 4,
          .batch_size = 4,
          .progress = Progress::Mode::quiet});
  // measuring does not change what is learned
  CHECK(std::equal(model.parameters().span().begin(), model.parameters().span().end(),
                   plain.parameters().span().begin()));

  REQUIRE(history.epochs.size() == 4);
  MAE error;
  measure(model, data, on<"value">(error));
  const EpochRecord& last = history.last();
  REQUIRE(last.metrics.size() == 3);
  CHECK(last.metrics[1].name == "val_digit_top_2_accuracy");
  CHECK(last.metric("val_value_mae") == error.value());
  CHECK(last.metric("val_value_first_error") != 0);
  CHECK(last.metric("val_value_mae") < history.epochs[0].metric("val_value_mae"));
  CHECK_THAT(message_of([&] { last.metric("mae"); }),
             Contains("expected one of loss, accuracy, val_loss, val_accuracy, val_value_mae, "
                      "val_digit_top_2_accuracy, val_value_first_error"));
}

TEST_CASE("callbacks write the metrics of a Fit, and a resumed run has those of the epochs before") {
  const test::Folder folder;
  const auto save_best = SaveBest{.path = folder / "best", .monitor = "val_value_mae"};
  Model<Several> model{3}, resumed{3};
  const History history = train_measured(model, 4, CSVLogger{folder / "log.csv"}, save_best,
                                         ModelCheckpoint{.path = folder / "run"}, TensorBoard{folder / "events"});
  std::ifstream csv(folder / "log.csv");
  std::string header, row;
  std::getline(csv, header);
  std::getline(csv, row);
  CHECK(header == "epoch,lr,loss,accuracy,val_loss,val_accuracy,seconds,val_value_mae,val_digit_top_2_accuracy,val_"
                  "value_first_error");
  CHECK(std::count(row.begin(), row.end(), ',') == 9);
  CHECK(std::filesystem::exists(folder / "best"));
  CHECK_THAT(test::contents(std::filesystem::directory_iterator(folder / "events")->path()),
             Contains("val_value_mae") && Contains("val_digit_top_2_accuracy"));

  const History all = train_measured(resumed, 5, CSVLogger{folder / "log.csv"}, save_best,
                                     ModelCheckpoint{.path = folder / "run", .resume = true});
  REQUIRE(all.epochs.size() == 5);
  for (std::size_t e = 0; e < 4; ++e)
    CHECK(all.epochs[e].metric("val_value_mae") == history.epochs[e].metric("val_value_mae"));
}

TEST_CASE("callbacks watch a metric of a Fit: less of an error is better, more of an accuracy") {
  const Dataset<float> data = several();
  EarlyStopping down{.monitor = "val_value_mae", .patience = 1},
      up{.monitor = "val_digit_top_2_accuracy", .patience = 1, .min_delta = 2};
  Model<Several> again{3};
  const History history = fit(
      again, data,
      Fit{.loss = several_losses,
          .optimizer = Adam{.lr = 0.05},
          .epochs = 4,
          .batch_size = 4,
          .validation = data,
          .progress = Progress::Mode::quiet,
          .callbacks = callbacks(down, OnEpochEnd{[](auto&) {}},
                                 ReduceLROnPlateau{.patience = 0, .monitor = "val_digit_top_2_accuracy"}),
          .metrics = metrics(on<"value">(MAE{}), on<"digit">(TopKAccuracy<2>{}))});
  CHECK(down.stopped_epoch == 0);
  CHECK(down.monitor.better == MonitorMode::min);
  CHECK(down.best == Approx(history.last().metric("val_value_mae")).margin(0.2));
  fit(again, data,
      Fit{.loss = several_losses,
          .epochs = 9,
          .validation = data,
          .progress = Progress::Mode::quiet,
          .callbacks = callbacks(up),
          .metrics = metrics(on<"digit">(TopKAccuracy<2>{}))});
  CHECK(up.stopped_epoch == 2);
  CHECK(up.monitor.better == MonitorMode::max);
  CHECK_NOTHROW(train_measured(again, 1, EarlyStopping{.monitor = "val_value_first_error", .mode = MonitorMode::min}));
}

TEST_CASE("metrics of a Fit that cannot be measured or watched are refused") {
  const Dataset<float> data = several();
  Model<Several> model{3};
  CHECK_THAT(message_of([&] { train_measured(model, 1, EarlyStopping{.monitor = "val_mae"}); }),
             Contains("fit: expected one of loss, accuracy, val_loss, val_accuracy, val_value_mae,") &&
                 Contains("to watch, got \"val_mae\""));
  CHECK_THAT(
      message_of([&] { train_measured(model, 1, EarlyStopping{.monitor = "val_value_first_error"}); }),
      Contains(
          "EarlyStopping: expected mode min or max, as val_value_first_error does not say whether less is better"));
  const auto measured = [&](auto list) {
    return message_of([&] {
      fit(model, data,
          Fit{.loss = several_losses, .validation = data, .progress = Progress::Mode::quiet, .metrics = list});
    });
  };
  CHECK(message_of([&] {
          fit(model, data,
              Fit{.loss = several_losses, .progress = Progress::Mode::quiet, .metrics = metrics(on<"value">(MAE{}))});
        }) == "Fit: metrics: expected validation data to measure on, got none");
  CHECK(measured(metrics(on<"value">(MAE{}), on<"value", "x">(MAE{}))) ==
        "Fit: metrics: expected names that differ, got val_value_mae twice");
  CHECK_THAT(measured(metrics(on<"value", "price">(MAE{}))),
             Contains("Fit: metrics, validation data: expected a column \"price\""));
}

TEST_CASE("metrics of one output need no name") {
  const auto [train, test] = digits().take(200).stratified_split(0.5, 1);
  using Net = Sequential<Dense<64, 10>, Softmax>;
  Model<Net> model{1};
  TopKAccuracy<3> top3;
  const History history = fit(model, train,
                              Fit{.validation_split = 0.3,
                                  .progress = Progress::Mode::quiet,
                                  .metrics = metrics(TopKAccuracy<3>{}, F1{}, RocAuc{})});
  REQUIRE(history.last().metrics.size() == 3);
  CHECK(history.last().metrics[1].name == "val_f1");
  CHECK(history.last().metrics[2].name == "val_roc_auc");
  fit(model, train, Fit{.validation = test, .progress = Progress::Mode::quiet, .metrics = metrics(top3)});
  CHECK(top3.seen == 0);  // a copy is measured with
  CHECK_THAT(message_of([&] {
               fit(model, train, Fit{.validation = test, .progress = Progress::Mode::quiet, .metrics = metrics(MAE{})});
             }),
             Contains("Fit: metrics, validation data: val_mae compares with numbers, got class labels"));
  CHECK_THAT(message_of([&] {
               fit(model, train,
                   Fit{.validation = test, .progress = Progress::Mode::quiet, .metrics = metrics(Accuracy{})});
             }),
             Contains("expected names that a record does not have anyway, got val_accuracy"));
}
