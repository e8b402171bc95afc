#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <limits>
#include <locale>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unit/train/callbacks/rig.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using namespace tenon;
using namespace tenon::test;

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

namespace {

/// A run of one epoch that has left a checkpoint, and a model that goes on from it.
struct Resumed {
  const Folder folder{};
  const std::string path = folder / "run.safetensors";
  const ModelCheckpoint checkpoint{.path = path, .resume = true};
  std::string good;  // the file
  Model<Net> fresh{7};
  const Model<Net> before = fresh;

  Resumed() {
    Model<Net> model{1};
    fit(model, data().train, settings(1, checkpoint));
    good = contents(path);
  }

  void write(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }
  /// What is wrong with going on so.
  template <class How>
  std::string refusal(const How& how) {
    return message_of([&] { fit(fresh, data().train, how); });
  }
  std::string refusal() { return refusal(settings(1, checkpoint)); }
  template <class Optimizer, class Loss>
  auto with(Optimizer optimizer, Loss loss) const {
    return Fit{.loss = loss,
               .optimizer = optimizer,
               .batch_size = 16,
               .validation = data().test,
               .seed = 5,
               .progress = quiet,
               .callbacks = callbacks(checkpoint)};
  }
};

}  // namespace

TEST_CASE("a checkpoint of another run is refused, and nothing is changed") {
  Resumed run;
  auto other = settings(1, run.checkpoint);
  other.batch_size = 32;
  CHECK_THAT(run.refusal(other), Contains(run.path) && Contains("batch_size 32") && Contains("with 16"));
  CHECK_THAT(run.refusal(settings(1, run.checkpoint, EarlyStopping{})), Contains("callback.1.best"));
  CHECK_THAT(run.refusal(run.with(SGD{}, CrossEntropy{})),
             Contains("optimizer SGD, got a checkpoint of one with AdamW"));
  CHECK_THAT(run.refusal(run.with(Adam{}, CrossEntropy{})),
             Contains("optimizer Adam, got a checkpoint of one with AdamW"));
  CHECK_THAT(run.refusal(run.with(AdamW{}, CrossEntropy<from_probabilities>{})),
             Contains("loss CrossEntropy<from_probabilities>, got a checkpoint of one with CrossEntropy<"));
  CHECK_THAT(run.refusal(settings(1, ModelCheckpoint{})), Contains("expected a path"));
  CHECK(same_bits(run.fresh, run.before));

  using Wider = Sequential<Dense<64, 25>, ReLU, Dropout<0.3>, Dense<10>, Softmax>;
  Model<Wider> wider{1};
  CHECK_THAT(message_of([&] { fit(wider, data().train, settings(1, run.checkpoint)); }),
             Contains("layer 0 Dense<64, 24> (24) there, layer 0 Dense<64, 25> (25) here"));
  using Soft = Sequential<Dense<64, 24>, Tanh, Dropout<0.3>, Dense<10>, Softmax>;
  Model<Soft> soft{1};
  const Model<Soft> soft_before = soft;
  CHECK_THAT(message_of([&] { fit(soft, data().train, settings(1, run.checkpoint)); }),
             Contains("layer 1 ReLU (24) there, layer 1 Tanh (24) here"));
  CHECK(same_bits(soft, soft_before));
}

TEST_CASE("a file that is no checkpoint, or a damaged or an old one, is refused, and nothing is changed") {
  Resumed run;
  run.fresh.save(run.path);
  CHECK_THAT(run.refusal(), Contains("expected a training checkpoint"));
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, run.good.size() / 2, run.good.size() - 1}) {
    run.write(run.good.substr(0, length));
    CHECK_THAT(run.refusal(), Contains(run.path));
  }
  for (const std::size_t place :
       {run.good.size() - 1, run.good.size() / 2, run.good.find("losses.0.sum") + 15}) {  // one bit of it
    std::string damaged = run.good;
    damaged[place] = static_cast<char>(damaged[place] ^ 1);
    run.write(damaged);
    CHECK_THAT(run.refusal(), Contains("that is damaged or was changed"));
  }
  std::string old = run.good;
  old.replace(old.find("tenon.training.2"), 16, "tenon.training.1");
  run.write(old);
  CHECK_THAT(run.refusal(), Contains("of format 2, got one of format 1, which an older version of Tenon wrote"));
  CHECK(same_bits(run.fresh, run.before));
}

TEST_CASE("a checkpoint of a run with other options is refused, but for the rate that a schedule has changed") {
  Resumed run;
  const auto changed = [&](auto change) {
    auto how = settings(1, run.checkpoint);
    change(how);
    return run.refusal(how);
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
  CHECK(same_bits(run.fresh, run.before));
  auto more = settings(2, run.checkpoint);
  more.schedule = StepLR{.step_size = 1};
  CHECK(fit(run.fresh, data().train, more).epochs.size() == 2);

  // options that are on or off, of which a file has nothing where they are off
  const auto nesterov = [&](bool on) { return run.with(SGD{.momentum = 0.9, .nesterov = on}, CrossEntropy{}); };
  std::filesystem::remove(run.path);
  fit(run.fresh, data().train, nesterov(false));
  CHECK_THAT(run.refusal(nesterov(true)),
             Contains("expected a run with optimizer.nesterov 1, got a checkpoint of one with 0"));
  std::filesystem::remove(run.path);
  fit(run.fresh, data().train, nesterov(true));
  CHECK_THAT(run.refusal(nesterov(false)), Contains("optimizer.nesterov 0") && Contains("with 1"));
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

namespace {

struct DecimalComma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

}  // namespace

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
  CHECK(contents(a.path) == contents(b.path));
}
