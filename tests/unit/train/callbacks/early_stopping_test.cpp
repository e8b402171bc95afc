#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "unit/train/callbacks/rig.hpp"

using Catch::Matchers::StartsWith;
using namespace tenon;
using namespace tenon::test;

TEST_CASE("early stopping waits, stops, and brings the best weights back") {
  Model<Net> model{1};
  EarlyStopping stopping{.patience = 3, .restore_best_weights = true};
  Model<Net> best{1};
  double lowest = std::numeric_limits<double>::infinity();
  const auto note = OnEpochEnd{[&](auto& run) {
    if (run.record().validation.loss >= lowest) return;
    lowest = run.record().validation.loss;
    best = run.model();
  }};
  const auto [train, test] = digits().take(120).stratified_split(0.5, 1);
  const History history = fit(model, train,
                              Fit{.optimizer = Adam{.lr = 3e-2},
                                  .epochs = 200,
                                  .validation = test,
                                  .progress = quiet,
                                  .callbacks = callbacks(note, stopping)});
  REQUIRE(stopping.stopped_epoch > 0);
  CHECK(history.epochs.size() == stopping.stopped_epoch);
  CHECK(stopping.stopped_epoch == stopping.best_epoch + 3);
  CHECK(stopping.best == lowest);
  CHECK(same_bits(model, best));
}

TEST_CASE("what counts as better: min_delta, direction, and a number that is missing") {
  const auto epochs_until_stop = [](EarlyStopping stopping) {
    Model<Net> model{1};
    return fit(model, data().train,
               Fit{.optimizer = SGD{.lr = 1e-6},
                   .epochs = 6,
                   .validation = data().test,
                   .progress = quiet,
                   .callbacks = callbacks(stopping)})
        .epochs.size();
  };
  CHECK(epochs_until_stop({.monitor = Monitor::val_loss, .patience = 2, .min_delta = 1}) == 3);  // never 1 better
  CHECK(epochs_until_stop({.monitor = Monitor::val_loss, .patience = 2}) == 6);      // always a little better
  CHECK(epochs_until_stop({.monitor = Monitor::val_accuracy, .patience = 2}) == 3);  // stays as it is
  CHECK(epochs_until_stop({.monitor = Monitor::val_loss, .patience = 2, .mode = MonitorMode::max}) == 3);
  Model<Net> model{1};
  CHECK_THAT(
      message_of([&] { fit(model, data().train, Fit{.progress = quiet, .callbacks = callbacks(EarlyStopping{})}); }),
      StartsWith("EarlyStopping: expected val_loss in every epoch's record, got none"));
}

TEST_CASE("NaN in what is watched is never the best, and no reason to give up what there is") {
  const Folder folder;
  std::vector<float> pixels(data().test.features().begin(), data().test.features().end());
  pixels[64 * 3 + 5] = std::numeric_limits<float>::quiet_NaN();
  const Dataset<float> spoilt({64}, pixels, Labels{{data().test.labels().begin(), data().test.labels().end()}, 10});
  EarlyStopping stopping{.patience = 2, .restore_best_weights = true};
  ReduceLROnPlateau plateau{.factor = 0.5, .patience = 0};
  const std::string path = folder / "best.safetensors";
  Model<Net> model{1}, same{1};
  const History history = fit(model, data().train,
                              Fit{.optimizer = SGD{.lr = 0.1},
                                  .epochs = 5,
                                  .validation = spoilt,
                                  .progress = quiet,
                                  .callbacks = callbacks(stopping, SaveBest{.path = path}, plateau)});
  CHECK(history.epochs.size() == 2);
  CHECK(std::isnan(history.last().validation.loss));
  CHECK(std::isfinite(history.last().training.loss));
  CHECK(history.warnings ==
        std::vector<std::string>{"the validation loss of epoch 1 is nan: sample 3 of the data is not finite",
                                 "the validation loss of epoch 2 is nan: sample 3 of the data is not finite"});
  CHECK(stopping.best_epoch == 0);
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(history.epochs[1].lr == 0.05);

  // epochs without a number do not replace the best one before them
  struct FakeRun {
    double value;
    std::size_t number;
    Model<Net>& trained;
    bool stopped = false;
    double monitored(Monitor, const char*) const { return value; }
    std::size_t epoch() const { return number; }
    Model<Net>& model() { return trained; }
    void stop() { stopped = true; }
  };
  EarlyStopping watch{.patience = 3, .restore_best_weights = true};
  const double nan = std::nan("");
  std::size_t number = 0;
  for (const double value : {nan, 2.0, 1.0, nan, nan, nan}) {
    if (value == 1.0) model = same;
    FakeRun run{value, ++number, model};
    watch.on_epoch_end(run);
    CHECK(run.stopped == (number == 6));
    model.get<"0.bias">().fill(nan);
  }
  CHECK(watch.best == 1.0);
  CHECK(watch.best_epoch == 3);
  FakeRun end{nan, 6, model};
  watch.on_train_end(end);
  CHECK(same_bits(model, same));
}
