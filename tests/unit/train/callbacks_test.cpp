#include <tenon/dist/thread_ranks.hpp>
#include <tenon/tenon.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <clocale>
#include <cmath>
#include <csignal>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <locale>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/faults.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace tenon;

namespace {

using Net = Sequential<Dense<64, 24>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
constexpr auto quiet = Progress::Mode::quiet;

struct Data {
  Dataset<float> train = digits().take(150), test = digits().take(300);
};
const Data& data() {
  static const Data kept;
  return kept;
}

/// A folder of its own, gone at the end.
struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / ("tenon-callbacks-" + std::to_string(::getpid())))
                         .string();
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return path + "/" + name; }
};

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class M>
bool same_bits(const M& a, const M& b) {
  const auto x = a.parameters().span(), y = b.parameters().span();
  return std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

template <class F>
std::string message_of(F work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  FAIL("no Error");
  return {};
}

/// Training in which everything that a checkpoint has to remember is used.
template <class... C>
auto settings(std::size_t epochs, C&&... callback) {
  return Fit{.optimizer = AdamW{.lr = 3e-3},
             .epochs = epochs,
             .batch_size = 16,
             .validation = data().test,
             .seed = 5,
             .schedule = CosineAnnealingLR{.T_max = 8},
             .progress = quiet,
             .callbacks = callbacks(std::forward<C>(callback)...),
             .regularizer = L1{1e-4}};
}

/// Notes what it is called with.
struct Calls {
  std::vector<std::string> list;
  void on_train_begin(auto& run) { list.push_back("training begins at step " + std::to_string(run.step())); }
  void on_epoch_begin(auto& run) { list.push_back("epoch " + std::to_string(run.epoch()) + " begins"); }
  void on_gradients(auto&) { list.push_back("gradients"); }
  void on_step_end(auto& run) { list.push_back("step " + std::to_string(run.step())); }
  void on_epoch_end(auto& run) {
    const bool right = run.record().epoch == run.epoch() && !std::isnan(run.batch_loss());
    list.push_back(right ? "epoch ends" : "epoch ends without its record");
  }
  void on_train_end(auto& run) { list.push_back(run.stopped() ? "training is stopped" : "training ends"); }
};

static_assert(std::is_same_v<decltype(callbacks()), Callbacks<>>);

}  // namespace

TEST_CASE("callbacks are called in their order, where they are") {
  Model<Net> model{1};
  Calls calls;
  std::string order;
  fit(model, data().train,
      Fit{.epochs = 2,
          .batch_size = 64,
          .progress = quiet,
          .callbacks = callbacks(calls, OnStepEnd{[&](auto&) { order += 'a'; }}, OnStepEnd{[&](auto& run) {
                                   order += 'b';
                                   if (run.step() == 5) run.stop();
                                 }})});
  CHECK(calls.list == std::vector<std::string>{"training begins at step 0", "epoch 1 begins", "gradients", "step 1",
                                               "gradients", "step 2", "gradients", "step 3", "epoch ends",
                                               "epoch 2 begins", "gradients", "step 4", "gradients", "step 5",
                                               "training is stopped"});
  CHECK(order == "ababababab");
}

TEST_CASE("gradients can be changed before each step") {
  Model<Net> model{1};
  const Model<Net> before{1};
  fit(model, data().train, Fit{.epochs = 1, .progress = quiet, .callbacks = callbacks(OnGradients{[](auto& run) {
                                                                 for (float& g : run.trainer().gradients()) g = 0;
                                                               }})});
  CHECK(same_bits(model, before));
}

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

TEST_CASE("a run resumed at any step ends with the same weights and the same history") {
  const Folder folder;
  constexpr std::size_t epochs = 4;  // of ten steps
  Model<Net> whole{1};
  EarlyStopping watch{.patience = 50, .restore_best_weights = true};
  const History expected = fit(whole, data().train, settings(epochs, watch));
  for (const std::uint64_t cut : {1U, 7U, 10U, 23U, 39U, 40U}) {
    const std::string path = folder / "run.safetensors";
    std::filesystem::remove(path);
    const ModelCheckpoint checkpoint{.path = path, .every_epochs = 1, .every_steps = 1, .resume = true};
    Model<Net> model{1};
    EarlyStopping first{.patience = 50, .restore_best_weights = true}, second = first;
    struct Interrupt {};
    const auto interrupt = OnStepEnd{[cut](auto& run) {
      if (run.step() > cut) throw Interrupt{};
    }};
    try {
      fit(model, data().train, settings(epochs, checkpoint, first, interrupt));
      CHECK(cut == 40);
    } catch (Interrupt) {
    }
    Model<Net> other{99};  // the file brings the weights
    const History history = fit(other, data().train, settings(epochs, checkpoint, second));
    CHECK(same_bits(other, whole));
    REQUIRE(history.epochs.size() == expected.epochs.size());
    for (std::size_t e = 0; e < epochs; ++e) {
      CHECK(history.epochs[e].training.loss == expected.epochs[e].training.loss);
      CHECK(history.epochs[e].training.accuracy == expected.epochs[e].training.accuracy);
      CHECK(history.epochs[e].validation.loss == expected.epochs[e].validation.loss);
      CHECK(history.epochs[e].lr == expected.epochs[e].lr);
    }
    CHECK(second.best == watch.best);
  }
}

TEST_CASE("a checkpoint of another run is refused, and nothing is changed") {
  const Folder folder;
  const std::string path = folder / "run.safetensors";
  const ModelCheckpoint checkpoint{.path = path, .resume = true};
  Model<Net> model{1};
  fit(model, data().train, settings(1, checkpoint));
  const std::string good = text_of(path);

  Model<Net> fresh{7};
  const Model<Net> before = fresh;
  auto other = settings(1, checkpoint);
  other.batch_size = 32;
  CHECK_THAT(message_of([&] { fit(fresh, data().train, other); }),
             Contains(path) && Contains("batch_size 32") && Contains("with 16"));
  CHECK_THAT(message_of([&] { fit(fresh, data().train, settings(1, checkpoint, EarlyStopping{})); }),
             Contains("callback.1.best"));
  const auto with = [&](auto optimizer, auto loss) {
    return Fit{.loss = loss,
               .optimizer = optimizer,
               .batch_size = 16,
               .validation = data().test,
               .seed = 5,
               .progress = quiet,
               .callbacks = callbacks(checkpoint)};
  };
  CHECK_THAT(message_of([&] { fit(fresh, data().train, with(SGD{}, CrossEntropy{})); }),
             Contains("optimizer SGD, got a checkpoint of one with AdamW"));
  CHECK_THAT(message_of([&] { fit(fresh, data().train, with(Adam{}, CrossEntropy{})); }),
             Contains("optimizer Adam, got a checkpoint of one with AdamW"));
  CHECK_THAT(message_of([&] { fit(fresh, data().train, with(AdamW{}, CrossEntropy<from_probabilities>{})); }),
             Contains("loss CrossEntropy<from_probabilities>, got a checkpoint of one with CrossEntropy<"));
  using Wider = Sequential<Dense<64, 25>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
  Model<Wider> wider{1};
  CHECK_THAT(message_of([&] { fit(wider, data().train, settings(1, checkpoint)); }),
             Contains("layer 0 Dense<64, 24> (24) there, layer 0 Dense<64, 25> (25) here"));
  using Soft = Sequential<Dense<64, 24>, Tanh, Dropout<0.3>, Dense<10>, Softmax>;
  Model<Soft> soft{1};
  const Model<Soft> soft_before = soft;
  CHECK_THAT(message_of([&] { fit(soft, data().train, settings(1, checkpoint)); }),
             Contains("layer 1 ReLU (24) there, layer 1 Tanh (24) here"));
  CHECK(same_bits(soft, soft_before));
  fresh.save(path);
  CHECK_THAT(message_of([&] { fit(fresh, data().train, settings(1, checkpoint)); }),
             Contains("expected a training checkpoint"));
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, good.size() / 2, good.size() - 1}) {
    std::ofstream(path, std::ios::binary).write(good.data(), static_cast<std::streamsize>(length));
    CHECK_THAT(message_of([&] { fit(fresh, data().train, settings(1, checkpoint)); }), Contains(path));
  }
  for (const std::size_t place : {good.size() - 1, good.size() / 2, good.find("losses.0.sum") + 15}) {  // one bit of it
    std::string damaged = good;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    std::ofstream(path, std::ios::binary) << damaged;
    CHECK_THAT(message_of([&] { fit(fresh, data().train, settings(1, checkpoint)); }),
               Contains("that is damaged or was changed"));
  }
  std::string old = good;
  old.replace(old.find("tenon.training.2"), 16, "tenon.training.1");
  std::ofstream(path, std::ios::binary) << old;
  CHECK_THAT(message_of([&] { fit(fresh, data().train, settings(1, checkpoint)); }),
             Contains("of format 2, got one of format 1, which an older version of Tenon wrote"));
  CHECK(same_bits(fresh, before));
  CHECK_THAT(message_of([&] { fit(fresh, data().train, settings(1, ModelCheckpoint{})); }),
             Contains("expected a path"));

  // the options that training goes by; the rate that a schedule or a plateau has made of them is not one
  std::ofstream(path, std::ios::binary).write(good.data(), static_cast<std::streamsize>(good.size()));
  const auto changed = [&](auto change) {
    auto how = settings(1, checkpoint);
    change(how);
    return message_of([&] { fit(fresh, data().train, how); });
  };
  CHECK_THAT(changed([](auto& how) { how.optimizer.lr = 0.5; }),
             Contains("expected a run with optimizer.lr 0.5, got a checkpoint of one with 0.003"));
  CHECK_THAT(changed([](auto& how) { how.optimizer.beta2 = 0.9; }),
             Contains("optimizer.beta2 0.9") && Contains("with 0.999"));
  CHECK_THAT(changed([](auto& how) { how.loss.label_smoothing = 0.1; }), Contains("loss.label_smoothing 0.1"));
  CHECK_THAT(changed([](auto& how) { how.loss.class_weight = std::vector<double>(10, 1); }),
             Contains("loss.class_weight.size 10"));
  CHECK_THAT(changed([](auto& how) { how.regularizer.lambda = 0.5; }), Contains("regularizer.lambda 0.5"));
  CHECK_THAT(changed([](auto& how) { how.clip_grad_norm = 2; }), Contains("clip_grad_norm 2"));
  CHECK_THAT(changed([](auto& how) { how.loss.reduction = Reduction::sum; }), Contains("loss.reduction 2"));
  CHECK(same_bits(fresh, before));
  // and those that are on or off, of which a file says nothing where they are off
  std::filesystem::remove(path);
  const auto nesterov = [&](bool on) {
    fit(fresh, data().train, with(SGD{.momentum = 0.9, .nesterov = on}, CrossEntropy{}));
  };
  nesterov(false);
  CHECK_THAT(message_of([&] { nesterov(true); }),
             Contains("expected a run with optimizer.nesterov 1, got a checkpoint of one with 0"));
  std::filesystem::remove(path);
  nesterov(true);
  CHECK_THAT(message_of([&] { nesterov(false); }), Contains("optimizer.nesterov 0") && Contains("with 1"));
  fresh = before;
  std::ofstream(path, std::ios::binary).write(good.data(), static_cast<std::streamsize>(good.size()));
  auto more = settings(2, checkpoint);
  more.schedule = StepLR{.step_size = 1};
  CHECK(fit(fresh, data().train, more).epochs.size() == 2);
}

TEST_CASE("a run that early stopping has ended stays ended when it is resumed") {
  const Folder folder;
  const ModelCheckpoint checkpoint{.path = folder / "run.safetensors", .resume = true};
  Model<Net> model{1}, again{2};
  const auto stop = EarlyStopping{.monitor = Monitor::loss, .patience = 1, .min_delta = 1e9};
  CHECK(fit(model, data().train, settings(9, checkpoint, stop)).epochs.size() == 2);
  CHECK(fit(again, data().train, settings(9, checkpoint, stop)).epochs.size() == 2);
  CHECK(same_bits(model, again));
}

TEST_CASE("the best model is saved") {
  const Folder folder;
  Model<Net> model{1}, best{1}, loaded{3};
  double highest = -1;
  fit(model, data().train,
      settings(5, SaveBest{folder / "best.safetensors", Monitor::val_accuracy}, OnEpochEnd{[&](auto& run) {
                 if (run.record().validation.accuracy <= highest) return;
                 highest = run.record().validation.accuracy;
                 best = run.model();
               }}));
  loaded.load(folder / "best.safetensors");
  CHECK(same_bits(loaded, best));
}

TEST_CASE("the log is a table of the history") {
  const Folder folder;
  Model<Net> model{1};
  const History history = fit(model, data().train, settings(3, CSVLogger{folder / "run.csv"}));
  std::ifstream file(folder / "run.csv");
  std::string line;
  std::getline(file, line);
  CHECK(line == "epoch,lr,loss,accuracy,val_loss,val_accuracy,seconds");
  for (const EpochRecord& r : history.epochs) {
    REQUIRE(std::getline(file, line));
    double number[4];
    REQUIRE(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf", number, number + 1, number + 2, number + 3) == 4);
    CHECK(number[0] == static_cast<double>(r.epoch));
    CHECK(number[1] == r.lr);
    CHECK(number[2] == r.training.loss);  // as many digits as it takes
    CHECK(number[3] == r.training.accuracy);
  }
  CHECK_FALSE(std::getline(file, line));
  write_csv(History{{{.epoch = 1, .lr = 0.5, .training = {2.0, 0.25}}}}, folder / "short.csv");
  CHECK(text_of(folder / "short.csv") == "epoch,lr,loss,accuracy,val_loss,val_accuracy,seconds\n1,0.5,2,0.25,,,0\n");
  CHECK_THAT(message_of([&] { write_csv(history, folder / "no/such/file.csv"); }), Contains("no/such/file.csv"));
}

TEST_CASE("event files are frames of checked records") {
  CHECK(detail::crc32c(std::as_bytes(std::span("123456789", 9))) == 0xE3069283);  // RFC 3720
  const Folder folder;
  Model<Net> model{1};
  const History history = fit(model, data().train,
                              settings(2, TensorBoard{.directory = folder / "runs", .every_steps = 4}));
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "runs")) files.push_back(entry.path());
  REQUIRE(files.size() == 1);
  CHECK_THAT(files[0].filename().string(), StartsWith("events.out.tfevents."));

  const std::string bytes = text_of(files[0].string());
  const auto word = [&](std::size_t at, std::size_t size) {
    std::uint64_t v = 0;
    for (std::size_t i = size; i-- > 0;) v = v << 8 | static_cast<unsigned char>(bytes.at(at + i));
    return v;
  };
  const auto masked = [&](std::size_t at, std::size_t size) {
    const std::uint32_t crc = detail::crc32c(std::as_bytes(std::span(bytes).subspan(at, size)));
    return static_cast<std::uint32_t>((crc >> 15 | crc << 17) + 0xA282EAD8U);
  };
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t length = word(at, 8);
    CHECK(word(at + 8, 4) == masked(at, 8));
    CHECK(word(at + 12 + length, 4) == masked(at + 12, length));
    records.push_back(bytes.substr(at + 12, length));
    at += 16 + length;
  }
  REQUIRE(records.size() == 1 + 5 + 2 * 5);  // the version, batch losses of steps 4 to 20, five numbers an epoch
  CHECK_THAT(records[0], Contains("brain.Event:2"));
  // wall_time, then step 1, then Summary{Value{tag "val_loss", simple_value}}
  float value = 0;
  std::size_t found = 0;
  for (const std::string& r : records) {
    const std::size_t tag = r.find("\x0A\x08val_loss\x15");
    if (tag == r.npos || found++ > 0) continue;
    CHECK(r.substr(9, 2) == "\x10\x01");
    std::memcpy(&value, r.data() + tag + 11, 4);
  }
  CHECK(found == 2);
  CHECK(value == static_cast<float>(history.epochs[0].validation.loss));
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

  // one that was good before
  struct Told {
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
    Told run{value, ++number, model};
    watch.on_epoch_end(run);
    CHECK(run.stopped == (number == 6));
    model.get<"0.bias">().fill(nan);
  }
  CHECK(watch.best == 1.0);
  CHECK(watch.best_epoch == 3);
  Told end{nan, 6, model};
  watch.on_train_end(end);
  CHECK(same_bits(model, same));
}

TEST_CASE("a number that is not finite is told where it first comes up") {
  // the root of 0 is 0, and its slope is infinite
  using Root = Sequential<Dense<2, 3>, Tanh, Dense<1>, Map<sqrt(x * x)>>;
  Model<Root> model{1};
  model.get<"2.weight">().fill(0);
  model.get<"2.bias">().fill(0);
  const Dataset<float> points({2}, {1, 2, 3, 4}, Targets<float>{{1, 1}, 1});
  const Fit how{.loss = MeanSquaredError{}, .optimizer = SGD{.lr = 0.1}, .epochs = 2, .progress = quiet};
  CHECK(message_of([&] { fit(model, points, how); }) ==
        "fit: expected finite gradients, got a NaN or an infinity in that of 2.bias at epoch 1, step 1, where the loss "
        "is 1.000000");
  CHECK(model.get<"2.bias">()(0) == 0);
  Model<Root> large{1};
  const Dataset<float> far({2}, {1, 2, 3, 4}, Targets<float>{{1e4F, 1e4F}, 1});
  CHECK(message_of([&] {
          fit(large, far, Fit{.loss = MeanSquaredError{}, .optimizer = SGD{.lr = 1e38}, .progress = quiet});
        }) == "fit: expected finite parameters, got a NaN or an infinity in 0.weight at epoch 1, step 1, with a "
              "learning rate of 1e+38");

  Model<Root> spoilt{1};
  spoilt.get<"2.weight">()(0, 1) = std::numeric_limits<float>::infinity();
  const Scores scores = evaluate(spoilt, points, MeanSquaredError{});
  CHECK_FALSE(std::isfinite(scores.loss));
  CHECK(scores.non_finite == "it first appears in the output of layer 2, Dense<1>, and 2.weight is not finite either");
  CHECK(evaluate(large = Model<Root>{1}, points, MeanSquaredError{}).non_finite.empty());
}

TEST_CASE("batch normalisation needs more than one value") {
  using Normed = Sequential<Dense<64, 6>, BatchNorm1D<>, Dense<10>, Softmax>;
  Model<Normed> model{1};
  CHECK_THAT(message_of([&] { fit(model, data().train.take(17), Fit{.batch_size = 16, .progress = quiet}); }),
             StartsWith("batch normalisation: expected more than one value per channel in training, got one"));
  CHECK_NOTHROW(evaluate(model, data().train.take(1), CrossEntropy{}));
}

TEST_CASE("guards: time, and numbers that are none") {
  Model<Net> model{1};
  CHECK(fit(model, data().train, Fit{.epochs = 1000000, .progress = quiet, .callbacks = callbacks(TimeLimit{0.05})})
            .epochs.size() < 1000000);

  Model<Net> kept{1}, exploding{1};
  fit(kept, data().train, Fit{.optimizer = SGD{.lr = 0.1}, .epochs = 2, .progress = quiet});
  TerminateOnNaN guard;
  const auto spoil = OnStepEnd{[](auto& run) {
    if (run.epoch() == 3) run.trainer().set_lr(1e30);
  }};
  const History history = fit(
      exploding, data().train,
      Fit{.optimizer = SGD{.lr = 0.1}, .epochs = 9, .progress = quiet, .callbacks = callbacks(guard, spoil)});
  CHECK(guard.terminated);
  CHECK(history.epochs.size() == 2);
  CHECK(same_bits(exploding, kept));
}

TEST_CASE("the rate is reduced on a plateau") {
  Model<Net> model{1};
  ReduceLROnPlateau plateau{
      .factor = 0.5, .patience = 1, .threshold = 1e9, .threshold_mode = ReduceLROnPlateau::Threshold::abs};
  const History history = fit(model, data().train,
                              Fit{.optimizer = SGD{.lr = 0.1},
                                  .epochs = 6,
                                  .validation = data().test,
                                  .progress = quiet,
                                  .callbacks = callbacks(plateau)});
  std::vector<double> rates;
  for (const EpochRecord& r : history.epochs) rates.push_back(r.lr);
  CHECK(rates == std::vector{0.1, 0.1, 0.1, 0.05, 0.05, 0.025});
  CHECK_THAT(message_of([&] { fit(model, data().train, settings(1, plateau)); }), Contains("without a schedule"));
}

TEST_CASE("accumulated batches are one large batch") {
  using Plain = Sequential<Dense<64, 24>, Tanh, Dense<10>, Softmax>;
  Model<Plain, double> large{1}, small{1};
  const auto train = digits().as<double>().take(150);
  const auto how = [](std::size_t batch, std::size_t accumulate) {
    return Fit{.optimizer = SGD{.lr = 0.1, .momentum = 0.9},
               .epochs = 3,
               .batch_size = batch,
               .seed = 2,
               .progress = quiet,
               .accumulate = accumulate};
  };
  const History a = fit(large, train, how(40, 1)), b = fit(small, train, how(10, 4));  // the last group is 30
  CHECK(a.last().training.loss == Approx(b.last().training.loss).epsilon(1e-12));
  for (std::size_t i = 0; i < large.parameters().size(); ++i)
    CHECK(std::abs(large.parameters().data()[i] - small.parameters().data()[i]) < 1e-12);
  CHECK_THAT(message_of([&] { fit(large, train, how(10, 0)); }), Contains("accumulate"));
}

TEST_CASE("averages of weights") {
  const Dataset<double> train = digits().as<double>().take(100);
  using Small = Sequential<Dense<64, 10>, Softmax>;
  Model<Small, double> model{1};
  std::vector<std::vector<double>> steps, epochs;
  const auto weights_of = [](auto& run) {
    return std::vector<double>(run.model().parameters().span().begin(), run.model().parameters().span().end());
  };
  EMA ema{model, 0.9};
  SWA swa{model, 2};
  fit(model, train,
      Fit{.optimizer = SGD{.lr = 0.05},
          .epochs = 4,
          .batch_size = 50,
          .progress = quiet,
          .callbacks = callbacks(ema, swa, OnStepEnd{[&](auto& run) { steps.push_back(weights_of(run)); }},
                                 OnEpochEnd{[&](auto& run) { epochs.push_back(weights_of(run)); }})});
  REQUIRE(steps.size() == 8);
  for (std::size_t i = 0; i < steps[0].size(); i += 7) {
    double moving = steps[0][i];
    for (std::size_t s = 1; s < 8; ++s) moving = 0.9 * moving + 0.1 * steps[s][i];
    CHECK(ema.model.parameters().data()[i] == Approx(moving).margin(1e-13));
    CHECK(swa.model.parameters().data()[i] == Approx((epochs[1][i] + epochs[2][i] + epochs[3][i]) / 3).margin(1e-13));
  }
  CHECK_THROWS_AS((EMA{model, 1.0}), Error);
}

TEST_CASE("batch normalisation's statistics can be taken anew") {
  using Normed = Sequential<Dense<64, 6>, BatchNorm1D<>, Dense<10>, Softmax>;
  const Dataset<double> train = digits().as<double>().take(120);
  Model<Normed, double> model{1};
  CHECK_THROWS_WITH(update_batch_norm(model, train, 0),
                    "update_batch_norm: expected a batch_size of at least 1, got 0");
  const std::vector<double> as_they_were(model.buffers().span().begin(), model.buffers().span().end());
  CHECK_THROWS_WITH(update_batch_norm(model, train.take(61), 60),
                    StartsWith("batch normalisation: expected more than"));
  CHECK(std::ranges::equal(model.buffers().span(), as_they_were));
  update_batch_norm(model, train, 60);
  // the mean of what the first layer gives, over two batches of equal size: the mean over all
  const auto weight = model.get<"0.weight">();
  const auto bias = model.get<"0.bias">();
  for (std::size_t f = 0; f < 6; ++f) {
    double sum = 0, variance = 0;
    for (std::size_t half = 0; half < 2; ++half) {
      double first = 0, second = 0;
      for (std::size_t i = 60 * half; i < 60 * (half + 1); ++i) {
        double z = bias(f);
        for (std::size_t j = 0; j < 64; ++j) z += weight(f, j) * train.sample(i)[j];
        first += z;
        second += z * z;
      }
      sum += first;
      variance += (second - first * first / 60) / 59 / 2;
    }
    CHECK(model.get<"1.running_mean">()(f) == Approx(sum / 120).margin(1e-9));
    CHECK(model.get<"1.running_var">()(f) == Approx(variance).margin(1e-9));
  }
}

namespace {

/// A checkpoint with some of its numbers changed, whole again as to its checksum.
struct Tampered {
  std::map<std::string, std::string> texts{};
  std::map<std::string, std::vector<double>> lists{};

  void write(const std::string& from, const std::string& to) const {
    const SafeTensors file = SafeTensors::read(from);
    Archive a;
    for (const auto& [key, value] : file.metadata())
      if (key != "format" && key != "checksum") a.same_text(key, texts.contains(key) ? texts.at(key) : value);
    std::deque<std::vector<double>> doubles;
    std::deque<std::vector<float>> singles;
    for (const TensorInfo& t : file.tensors()) {
      if (t.dtype == DType::f32) {
        file.copy_to(t, singles.emplace_back(t.size()));
        a.tensor(t.name, t.shape, singles.back());
        continue;
      }
      auto& values = doubles.emplace_back(t.size());
      file.copy_to(t, values);
      if (const auto other = lists.find(t.name); other != lists.end()) values = other->second;
      const std::size_t size = values.size();
      a.tensor(t.name, {&size, 1}, values);
    }
    a.save(to);
  }
};

/// Goes on from a file as often as a test wants, before the first epoch.
template <class F>
struct Resuming {
  F work;
  void on_train_begin(auto& run) {
    work(run);
    run.stop();
  }
};
template <class F>
Resuming(F) -> Resuming<F>;

struct DecimalComma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

}  // namespace

TEST_CASE("a checkpoint whose numbers make no sense is refused, and nothing is changed") {
  const Folder folder;
  const std::string good = folder / "good.safetensors", path = folder / "run.safetensors";
  Model<Net> model{1};
  fit(model, data().train,
      settings(2, ModelCheckpoint{.path = good}, EarlyStopping{.patience = 9, .restore_best_weights = true}));
  Tampered{}.write(good, path);
  Model<Net> same{5};
  fit(same, data().train,
      settings(2, ModelCheckpoint{.path = path, .resume = true},
               EarlyStopping{.patience = 9, .restore_best_weights = true}));
  CHECK(same_bits(same, model));

  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::pair<Tampered, std::string>> cases{
      {{.texts = {{"position", "151"}}}, "expected at most 150 as \"position\", got 151"},
      {{.texts = {{"seen", "151"}}}, "expected at most 150 as \"seen\", got 151"},
      {{.texts = {{"correct", "99999999999999999999"}}},
       "expected a number as \"correct\", got \"99999999999999999999\""},
      {{.texts = {{"epoch", "3"}}}, "expected at most 2 as \"epoch\", got 3"},
      {{.texts = {{"losses.0.sum", "0x1\x1b[2J"}}}, "expected a number as \"losses.0.sum\", got \"0x1\\x1b[2J\""},
      {{.texts = {{"lr", ""}}}, "expected a number as \"lr\", got \"\""},
      {{.lists = {{"callback.1.best_weights", {1, 2, 3}}}}, "expected as many numbers as the model has"},
      {{.lists = {{"history", {1, 2, 3}}}}, "expected 7 numbers for each epoch as \"history\", got 3"},
      {{.lists = {{"history", {nan, 0, 0, 0, 0, 0, 0}}}}, "expected epochs from 1 on"},
      {{.lists = {{"history", {1e180, 0, 0, 0, 0, 0, 0}}}}, "expected epochs from 1 on"},
  };
  for (const auto& [tampered, words] : cases) {
    CAPTURE(words);
    tampered.write(good, path);
    Model<Net> fresh{7};
    const Model<Net> before = fresh;
    EarlyStopping stopping{.patience = 9, .restore_best_weights = true};
    CHECK_THAT(message_of([&] {
                 fit(fresh, data().train, settings(2, ModelCheckpoint{.path = path, .resume = true}, stopping));
               }),
               StartsWith(path) && Contains(words));
    CHECK(same_bits(fresh, before));
    CHECK(stopping.best_weights.empty());
  }
  EarlyStopping wrong{.patience = 9, .best_weights = {1, 2}};
  CHECK_THAT(message_of([&] { fit(model, data().train, settings(0, wrong)); }), Contains("expected best_weights of"));
}

TEST_CASE("whichever allocation fails, resuming does all or nothing") {
  const Folder folder;
  const std::string path = folder / "run.safetensors";
  Model<Net> trained{1};
  EarlyStopping first{.patience = 9, .restore_best_weights = true};
  EMA average{trained, 0.9};
  fit(trained, data().train, settings(2, ModelCheckpoint{.path = path}, first, average));
  Model<Net> model{7};
  const Model<Net> before = model;
  EarlyStopping second{.patience = 9, .restore_best_weights = true};
  EMA other{model, 0.9};
  bool nothing = true, everything = false;
  long allocations = 0;
  const auto work = [&](auto& run) {
    allocations = test::fail_each(
        test::Fault::allocation, [] {}, [&] { run.resume(path); },
        [&](const std::exception_ptr& thrown) {
          if (thrown)
            nothing = nothing && test::is_error(thrown) && same_bits(model, before) && second.best_weights.empty() &&
                      std::isnan(second.best) && other.updates == 0 && run.history().empty() && run.step() == 0 &&
                      run.epoch() == 1;
          else
            everything = same_bits(model, trained) && second.best_weights == first.best_weights &&
                         second.best == first.best && same_bits(other.model, average.model) &&
                         run.history().epochs.size() == 2 && run.step() == 20 && run.epoch() == 3;
        });
  };
  fit(model, data().train, settings(2, ModelCheckpoint{folder / "unused"}, second, other, Resuming{work}));
  CHECK(allocations > 100);
  CHECK(nothing);
  CHECK(everything);
}

TEST_CASE("a checkpoint that cannot be written leaves the one before and a model that can be used") {
  const Folder folder;
  const ModelCheckpoint checkpoint{.path = folder / "run.safetensors", .every_steps = 1, .resume = true};
  Model<Net> whole{1}, model{1}, other{2};
  fit(whole, data().train, settings(2, Calls{}));
  for (const auto fault : {test::Fault::write, test::Fault::fsync, test::Fault::rename}) {
    std::filesystem::remove(checkpoint.path);
    model = Model<Net>{1};
    const std::string message = message_of([&] {
      const test::Failing failing(fault, fault == test::Fault::write ? 100 : 12);  // amid the run
      fit(model, data().train, settings(2, checkpoint));
    });
    CHECK_THAT(message, StartsWith(checkpoint.path + ": expected to write the file, but"));
    CHECK(std::isfinite(evaluate(model, data().test, CrossEntropy{}).loss));
    fit(other, data().train, settings(2, checkpoint));
    CHECK(same_bits(other, whole));
  }
}

TEST_CASE("an event file that cannot be written has whole records only, and a model that can be used") {
  Model<Net> model{1};
  const Folder folder;
  const auto files = [&] {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "runs")) all.push_back(entry.path().string());
    return all;
  };
  const auto records_of = [](const std::string& path) {
    const std::string bytes = text_of(path);
    std::size_t records = 0, at = 0;
    for (; at < bytes.size(); ++records) at += 16 + static_cast<unsigned char>(bytes[at]);
    REQUIRE(at == bytes.size());
    return records;
  };
  const auto run = [&] {
    fit(model, data().train, settings(2, TensorBoard{.directory = folder / "runs", .every_steps = 4}));
  };
  std::string message = message_of([&] {
    const test::Failing failing(test::Fault::write, 0);
    run();
  });
  CHECK_THAT(message,
             Contains("events.out.tfevents.") && Contains("expected to write an event file, but writing stopped: "));
  CHECK(files().empty());
  message = message_of([&] {
    const test::Failing failing(test::Fault::write, 5);
    run();
  });
  CHECK_THAT(message, Contains("expected to write an event file, but writing stopped: "));
  REQUIRE(files().size() == 1);
  CHECK(records_of(files()[0]) == 5);
  CHECK(std::isfinite(evaluate(model, data().test, CrossEntropy{}).loss));

  // a record that is cut in two is taken back, and the next one stands where it would have
  const std::string target = folder / "cut";
  EventFile log(target);
  log.scalar("loss", 1, 1);
  const std::string before = text_of(log.path());
  {
    rlimit limit{}, whole{};
    ::getrlimit(RLIMIT_FSIZE, &whole);
    limit = {before.size() + 5, whole.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    message = message_of([&] { log.scalar("loss", 2, 2); });
    ::setrlimit(RLIMIT_FSIZE, &whole);
    std::signal(SIGXFSZ, handler);
  }
  CHECK_THAT(message, Contains("expected to write an event file, but writing stopped: "));
  CHECK(text_of(log.path()) == before);
  log.scalar("loss", 3, 3);
  CHECK(records_of(log.path()) == 3);
}

TEST_CASE("two checkpoints of one moment are both written, and read with a decimal comma") {
  const Folder folder;
  const ModelCheckpoint a{.path = folder / "a.safetensors", .resume = true}, b{.path = folder / "b.safetensors"};
  Model<Net> whole{1}, model{1}, other{2};
  fit(whole, data().train, settings(3, Calls{}, Calls{}));
  const std::locale before = std::locale::global(std::locale(std::locale(), new DecimalComma));
  const std::string c_locale = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"})  // where one of them is there
    if (std::setlocale(LC_NUMERIC, name)) break;
  fit(model, data().train, settings(1, a, b));
  fit(other, data().train, settings(3, a, b));
  std::locale::global(before);
  std::setlocale(LC_NUMERIC, c_locale.c_str());
  CHECK(same_bits(other, whole));
  CHECK(text_of(a.path) == text_of(b.path));
}

TEST_CASE("threads that cannot start are an Error, and the model can be trained afterwards") {
  Model<Net> model{1};
  const auto how = Fit{.epochs = 1, .batch_size = 32, .progress = quiet};
  using Images = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;
  const auto images = augmented<Augment<RandomTranslation<1>>>(typed<Shape<1, 8, 8>, Classes<10>>(data().train), 3);
  Model<Images> pictures{1};
#ifndef TENON_NO_THREAD_FAULTS
  set_num_threads(4);
  for (const long n : {0L, 2L}) {
    std::string message;
    {
      const test::Failing failing(test::Fault::thread, n);
      message = message_of([&] { fit(model, data().train, how); });
    }
    CHECK_THAT(message,
               Contains("expected to run on 4 threads, but the system gives no more than " + std::to_string(n + 1)));
  }
  CHECK(fit(model, data().train, how).epochs.size() == 1);
  set_num_threads(1);
  for (const long n : {0L, 2L}) {
    std::string message;
    {
      const test::Failing failing(test::Fault::thread, n);
      message = message_of([&] { fit(pictures, images, how); });
    }
    CHECK_THAT(message, Contains("expected 3 threads to augment samples, but the system gives no more than " +
                                 std::to_string(n)));
  }
  {
    const test::Failing failing(test::Fault::thread, 1);  // one rank has begun, and waits for the others
    CHECK_THAT(message_of([] { run_ranks(3, [](Communicator& ranks) { ranks.barrier(); }); }),
               Contains("run_ranks: expected 3 threads, but the system gives no more than 2"));
  }
  CHECK_NOTHROW(run_ranks(3, [](Communicator& ranks) { ranks.barrier(); }));
#endif
  CHECK(fit(pictures, images, how).epochs.size() == 1);
}

namespace {

/// An augmentation that fails on its 40th image.
struct Fails {
  using invalid = void;
  static inline std::atomic<int> seen{0};
  template <class T>
  static void change(const augment::ImageSize&, T*, Stream&) {
    if (++seen == 40) throw std::runtime_error("no 40");
  }
};

}  // namespace

TEST_CASE("what an augmentation throws reaches the caller, from threads too") {
  using Images = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;
  for (const std::size_t workers : {0U, 1U, 3U}) {
    Fails::seen = 0;
    const auto images = augmented<Augment<Fails>>(typed<Shape<1, 8, 8>, Classes<10>>(data().train), workers);
    Model<Images> model{1};
    const auto how = Fit{.epochs = 1, .batch_size = 16, .progress = quiet};
    CHECK_THROWS_WITH(fit(model, images, how), "no 40");
    CHECK(fit(model, images, how).epochs.size() == 1);

    Fails::seen = 0;  // a loader goes on where it was
    DataLoader<float> loader(images, 16, 1);
    Batch<float> batch;
    std::size_t samples = 0, thrown = 0;
    for (bool more = true; more;) {
      try {
        if ((more = loader.next(batch))) samples += batch.count;
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    }
    CHECK(thrown == 1);
    CHECK(samples == 150);
  }
}

TEST_CASE("reports and mixtures of samples with an ignored label, and of cropped ones") {
  const Folder folder;
  std::vector<std::int32_t> labels(data().train.labels().begin(), data().train.labels().end());
  labels[3] = ignore_index;
  const std::vector<float> features(data().train.features().begin(), data().train.features().end());
  const Dataset<float> some({1, 8, 8}, features, Labels{labels, 10});
  Model<Net> model{1};
  auto flat = some;
  flat.reshape({64});
  CHECK(fit(model, flat,
            Fit{.epochs = 1,
                .progress = quiet,
                .callbacks = callbacks(Report{.path = folder / "a.html", .mistakes = 1000})})
            .epochs.size() == 1);
  CHECK_THAT(text_of(folder / "a.html"), Contains("Most wrong") && !Contains("-100"));

  using Images = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;
  Model<Images> pictures{1};
  const auto mixed = augmented<Augment<Mixup<0.4>>>(typed<Shape<1, 8, 8>, Classes<10>>(some), 2);
  const History history = fit(pictures, mixed, Fit{.epochs = 2, .progress = quiet});
  CHECK(std::isfinite(history.last().training.loss));
  DataLoader<float> loader(mixed, 150, 1, false);
  Batch<float> batch;
  REQUIRE(loader.next(batch));
  double least = 1;
  for (std::size_t i = 0; i < 150; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < 10; ++c) sum += static_cast<double>(batch.targets[i * 10 + c]);
    CHECK(sum < 1.0001);
    if (i == 3) least = sum;
  }
  CHECK(least < 1);  // what it mixes in of itself has no answer

  using Small = Sequential<Input<1, 6, 6>, Flatten, Dense<10>, Softmax>;
  Model<Small> small{1};
  const auto cropped = augmented<Augment<RandomCrop<6, 6>>>(typed<Shape<1, 8, 8>, Classes<10>>(some), 0);
  CHECK(fit(small, cropped, Fit{.epochs = 1, .progress = quiet, .callbacks = callbacks(Report{folder / "b.html"})})
            .epochs.size() == 1);
  CHECK_THAT(text_of(folder / "b.html"), Contains("Classes, training data"));
}

TEST_CASE("a signal ends training after the step, and what was saved goes on bit for bit") {
  const Folder folder;
  const std::string path = folder / "run.safetensors";
  Model<Net> whole{1}, model{1}, other{2};
  fit(whole, data().train, settings(3, Calls{}));
  const auto handler = std::signal(SIGINT, SIG_DFL);
  for (const int number : {SIGINT, SIGTERM}) {
    std::filesystem::remove(path);
    model = Model<Net>{1};
    StopOnSignal stop{path};
    const auto press = OnGradients{[number](auto& run) {
      if (run.step() == 12) std::raise(number);  // amid step 13
    }};
    const History history = fit(model, data().train, settings(3, stop, press));
    CHECK(stop.signal == number);
    CHECK(stop.at_step == 13);
    CHECK(history.epochs.size() == 1);
    StopOnSignal again{path};
    fit(other, data().train, settings(3, ModelCheckpoint{.path = path, .resume = true}));
    CHECK(same_bits(other, whole));
    CHECK(again.signal == 0);
  }
  CHECK(std::signal(SIGINT, handler) == SIG_DFL);  // given back

  // also where the run ends with an exception
  CHECK_THROWS_AS(
      fit(model, data().train, settings(1, StopOnSignal{}, OnStepEnd{[](auto&) { throw std::runtime_error("x"); }})),
      std::runtime_error);
  const auto after = std::signal(SIGINT, SIG_DFL);
  CHECK(after == handler);
  std::signal(SIGINT, handler);

  // a second signal ends the program as ever
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    fit(model, data().train,
        settings(1, StopOnSignal{}, OnGradients{[](auto&) { std::raise(SIGINT), std::raise(SIGINT); }}));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

namespace {

struct Mine : Map<x * sigmoid(x)> {};
struct Renamed : Map<x * sigmoid(x)> {};
struct Other : Map<x * sigmoid(2 * x)> {};
template <class Activation>
struct Block : Residual<Dense<16>, Activation> {};
template <class Activation>
struct Wall : Residual<Dense<16>, Activation> {};
template <class B>
using Images = Sequential<Input<1, 12, 12>, Conv2D<4, 3, padding<same>>, BatchNorm2D<>, ReLU, MaxPool2D<2>,
                          Dropout<0.25>, Flatten, Dense<16>, B, Repeat<2, B>, Dense<10>, Softmax>;
using Words = Sequential<Input<6>, Embedding<20, 8>, Concat<MultiheadAttention<2, causal>, Dense<8, bias<false>>>,
                         LSTM<5>, GRU<4>, Last, LayerNorm<>, Dense<2>>;

template <class N>
std::uint64_t print_of() {
  return network_identity<N>().fingerprint;
}

}  // namespace

TEST_CASE("a network's fingerprint is made of what it does, not of what its types are called") {
  CHECK(print_of<Images<Block<Mine>>>() == print_of<Images<Wall<Renamed>>>());
  CHECK(print_of<Images<Block<Mine>>>() != print_of<Images<Block<Other>>>());
  // a layer, an option, a rate, a name, a composition, what is frozen, the input
  const std::vector<std::uint64_t> all{
      print_of<Sequential<Dense<4, 3>, ReLU>>(),
      print_of<Sequential<Dense<4, 3>, Tanh>>(),
      print_of<Sequential<Dense<4, 3>, LeakyReLU<0.1>>>(),
      print_of<Sequential<Dense<4, 3>, LeakyReLU<0.2>>>(),
      print_of<Sequential<Dense<4, 3>, Dropout<0.1>, ReLU>>(),
      print_of<Sequential<Dense<4, 3>, Dropout<0.2>, ReLU>>(),
      print_of<Sequential<Named<"first", Dense<4, 3>>, ReLU>>(),
      print_of<Sequential<Dense<4, 3>, Residual<ReLU>>>(),
      print_of<Sequential<Dense<4, 3>, Concat<ReLU, Tanh>>>(),
      print_of<Sequential<Dense<4, 3>, Concat<Tanh, ReLU>>>(),
      print_of<freeze<Sequential<Dense<4, 3>, ReLU>, "0">>(),
      print_of<Sequential<Dense<5, 3>, ReLU>>(),
      print_of<Sequential<Input<1, 4, 4>, Conv2D<2, 3>>>(),
      print_of<Sequential<Input<1, 4, 4>, Conv2D<2, 3, padding<same>>>>(),
      print_of<Sequential<Input<1, 4, 4>, MaxPool2D<2>>>(),
      print_of<Sequential<Input<1, 4, 4>, AvgPool2D<2>>>(),
      print_of<Sequential<Input<3>, Masked<0, Embedding<5, 2>>>>(),
      print_of<Sequential<Input<3>, Masked<1, Embedding<5, 2>>>>(),
  };
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      CAPTURE(i, j);
      CHECK(all[i] != all[j]);
    }
  // The same numbers with every compiler. Where they change, checkpoints of before are of other networks, and the
  // format in src/train/archive.cpp has to become another.
  CHECK(print_of<Images<Block<Mine>>>() == 0x994f0e3dc0a13278U);
  CHECK(print_of<Words>() == 0x8df4d9ec5191ed07U);
}
