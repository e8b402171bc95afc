#include <tenon/options.hpp>

#include <tenon/data/sampling.hpp>
#include <tenon/data/stream.hpp>
#include <tenon/generative/diffusion.hpp>
#include <tenon/model/calibration.hpp>
#include <tenon/model/session.hpp>
#include <tenon/tenon.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

/// A number among the options of something, in place.
struct Field {
  std::string owner, name;
  Allowed allowed;
  double* real = nullptr;
  std::size_t* whole = nullptr;
};

/// All of them, those of nested options too.
struct Collect {
  std::vector<Field>* fields;
  std::string owner;

  void operator()(const char* name, double& value, Allowed a) const {
    fields->push_back({owner, name, a, &value, nullptr});
  }
  void operator()(const char* name, std::size_t& value, Allowed a) const {
    fields->push_back({owner, name, a, nullptr, &value});
  }
  void operator()(const char* name, std::vector<double>& values, Allowed a) const {
    for (std::size_t i = 0; i < values.size(); ++i)
      fields->push_back({owner, std::string(name) + "[" + std::to_string(i) + "]", a, &values[i], nullptr});
  }
  void operator()(const char*, std::string&, NotEmpty) const {}
  void operator()(const char*, bool&) const {}  // on or off
  template <class T>
  void operator()(T& nested) const {
    if constexpr (ListsOptions<T>) T::each_option(nested, Collect{fields, std::string(detail::short_name<T>())});
  }
};

template <class F>
std::string error_of(F work) {
  try {
    work();
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<double> tried{
    0, -0.0, -1,   -1e-30, 1e-300, 1e-30, 0.5,    1 - 1e-9, 1,         1 + 1e-9,
    2, 30,   1e18, 1e30,   -1e30,  1e300, -1e300, infinity, -infinity, std::numeric_limits<double>::quiet_NaN()};

double being_tried = 0;

/// Every number of `it` gets every value: `use` either refuses it by name, or comes to an end.
template <class T, class F>
std::size_t walk(T& it, F use) {
  REQUIRE(error_of(use) == "");
  std::vector<Field> fields;
  Collect{&fields, {}}(it);
  CHECK_FALSE(fields.empty());
  for (const Field& f : fields)
    for (const double value : tried) {
      if (f.whole && !(value >= 0 && value < 1.8e19 && value == std::floor(value))) continue;
      const double real = f.real ? *f.real : 0;
      const std::size_t whole = f.whole ? *f.whole : 0;
      if (f.real) *f.real = value;
      else *f.whole = static_cast<std::size_t>(value);
      being_tried = value;
      const std::string error = error_of(use);
      INFO(f.owner << "." << f.name << " = " << value << ": " << error);
      if (f.allowed.contains(value)) {
        // a large but possible rate makes numbers that are not: refused at once, and the rate is named
        const bool fine = error.empty() || (error.find("expected finite") != std::string::npos &&
                                            error.find("learning rate") != std::string::npos);
        // or too small for these data, refused in the same way
        CHECK((fine || error.starts_with(f.owner + ": " + f.name) || error.starts_with("fit: expected a finite loss") ||
               error.starts_with("fit: expected finite gradients")));
      } else {
        CHECK(error.starts_with(f.owner + ": " + f.name + ": expected "));
      }
      being_tried = 0;
      if (f.real) *f.real = real;
      else *f.whole = whole;
    }
  return fields.size();
}

template <class O>
void walk_optimizer(O optimizer, std::size_t options) {
  INFO(detail::short_name<O>());
  CHECK(options == walk(optimizer, [&] {
          constexpr auto states = static_cast<std::size_t>(O::states);
          std::vector<float> weights{1, -2, 3}, gradients{0, 0.5F, -1};
          std::vector<std::vector<float>> kept(states, std::vector<float>(3));
          OptimizerArrays<float, states> arrays{weights.data(), gradients.data(), {}, 3};
          for (std::size_t k = 0; k < states; ++k) arrays.state[k] = kept[k].data();
          check_options(optimizer);
          for (std::uint64_t step = 1; step <= 3; ++step) {
            if constexpr (Optimizer<O>) optimizer.update(arrays, step);
            else optimizer.update_one(arrays, step);
          }
          if (being_tried > 2) return;  // large ones may be too large
          for (const float w : weights) CHECK(std::isfinite(w));
        }));
}

template <class S>
void walk_schedule(S schedule, std::size_t options) {
  INFO(detail::short_name<S>());
  CHECK(options == walk(schedule, [&] {
          const AnySchedule any(schedule);
          for (const std::uint64_t t :
               {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{1000}, ~std::uint64_t{0}}) {
            CHECK_FALSE(std::isnan(any.lr(0.1, t, t)));
            if (const auto momentum = any.momentum(t, t)) CHECK((*momentum >= 0 && *momentum <= 1));
          }
        }));
}

template <class L>
void walk_loss(L loss, std::size_t options, bool labelled) {
  INFO(detail::short_name<L>());
  CHECK(options == walk(loss, [&] {
          const std::vector<float> scores{-1, -2, -0.5F, -3, -1, -2}, targets{0, 1, 0, 1, 0, 0};
          const std::vector<std::int32_t> labels{0, 2};
          std::vector<float> values(2), gradient(6);
          LossTarget<float> target;
          if (labelled) target.labels = labels;
          else target.values = {targets.data(), 2, 3};
          evaluate_loss<void>(loss,
                              LossArguments<float>{{scores.data(), 2, 3}, 3, target, values, {gradient.data(), 2, 3}});
        }));
}

struct Mine {
  double rate = 0.5;
  std::size_t count = 1;
  static constexpr void each_option(auto& o, auto visit) {
    visit("rate", o.rate, from_below(0, 1));
    visit("count", o.count, at_least(1));
  }
};

}  // namespace

TEST_CASE("an option says what it may be") {
  const auto message = [](Mine m) { return error_of([&] { check_options(m); }); };
  CHECK(message({}) == "");
  CHECK(message({.rate = 1}) == "Mine: rate: expected at least 0 and less than 1, got 1");
  CHECK(message({.rate = std::nan("")}) ==
        "Mine: rate: expected at least 0 and less than 1, and a finite number, got nan");
  CHECK(message({.count = 0}) == "Mine: count: expected at least 1, got 0");
  CHECK(error_of([] { check_options(Adam{.lr = 1e300}); }) == "Adam: lr: expected at most 3.4e+38, got 1e+300");
  CHECK(error_of([] { check_options(Adam{.lr = infinity}); }) ==
        "Adam: lr: expected at least 0, and a finite number, got inf");
  CHECK(error_of([] { check_options(MultiMargin{.margin = -1e300}); }) ==
        "MultiMargin: margin: expected -3.4e+38 to 3.4e+38, got -1e+300");
  CHECK(error_of([] {
          check_options(CrossEntropy{.class_weight = {1, -2}});
        }) == "CrossEntropy: class_weight[1]: expected at least 0, got -2");
  CHECK(error_of([] { check_options(ModelCheckpoint{}); }) == "ModelCheckpoint: expected a path, got none");
  static_assert(ConstantLR{.factor = 0.5}(1, 0) == 0.5);
}

TEST_CASE("no option of an optimizer is found out later") {
  walk_optimizer(SGD{}, 4);
  walk_optimizer(SGD{.momentum = 0.5, .nesterov = true}, 4);
  walk_optimizer(Adam{}, 5);
  walk_optimizer(AdamW{}, 5);
  walk_optimizer(NAdam{}, 6);
  walk_optimizer(RAdam{}, 5);
  walk_optimizer(RMSprop{}, 5);
  walk_optimizer(RMSprop{.centered = true}, 5);
  walk_optimizer(ASGD{}, 5);
  walk_optimizer(Adadelta{}, 4);
  walk_optimizer(Adagrad{}, 5);
  walk_optimizer(Lion{}, 4);
  walk_optimizer(Lamb{}, 5);
}

TEST_CASE("no option of a schedule is found out later") {
  walk_schedule(ConstantLR{}, 1);
  walk_schedule(StepLR{}, 2);
  walk_schedule(MultiStepLR{.milestones = {1, 5}}, 1);
  walk_schedule(ExponentialLR{}, 1);
  walk_schedule(LinearLR{}, 2);
  walk_schedule(PolynomialLR{}, 2);
  walk_schedule(CosineAnnealingLR{}, 2);
  walk_schedule(CosineAnnealingWarmRestarts{.T_0 = 1, .T_mult = 2}, 3);
  walk_schedule(CyclicLR{}, 6);
  walk_schedule(CyclicLR{.mode = CyclicLR::Mode::exp_range}, 6);
  walk_schedule(OneCycleLR{.total_steps = 10}, 7);
  walk_schedule(OneCycleLR{.total_steps = 10, .three_phase = true}, 7);
  walk_schedule(PerStep{StepLR{}}, 2);
  walk_schedule(ChainedScheduler{LinearLR{}, ExponentialLR{}}, 3);
  walk_schedule(SequentialLR{{3}, LinearLR{}, ExponentialLR{}}, 3);
  CHECK(error_of([] { OneCycleLR{}(0.1, 0); }) == "OneCycleLR: total_steps: expected at least 1, got 0");
  ReduceLROnPlateau plateau{};
  CHECK(4 == walk(plateau, [&] {
          plateau.state = {};
          for (const double metric : {1.0, 2.0, 0.5}) {
            const double lr = plateau.step(metric, 0.1);
            CHECK_FALSE(std::isnan(lr));
          }
        }));
}

TEST_CASE("no option of a loss is found out later") {
  walk_loss(CrossEntropy<from_logits>{.class_weight = {1, 2, 0.5}}, 4, true);
  walk_loss(CrossEntropy<from_logits>{.class_weight = {1, 2, 0.5}}, 4, false);
  walk_loss(NegativeLogLikelihood{.class_weight = {1, 2, 0.5}}, 3, true);
  walk_loss(BinaryCrossEntropy<from_logits>{.pos_weight = {1, 2, 0.5}}, 3, false);
  walk_loss(Huber{}, 1, false);
  walk_loss(SmoothL1{}, 1, false);
  walk_loss(MultiMargin{}, 1, true);
  walk_loss(FocalLoss<from_logits>{}, 2, false);
  walk_loss(DiceLoss<from_probabilities>{}, 1, false);
  walk_loss(ContrastiveLoss{}, 1, false);
  walk_loss(CTCLoss<2, from_logits>{.blank = 1}, 1, true);
}

TEST_CASE("no option of fit and its callbacks is found out later") {
  const auto data = digits().take(24);
  using Net = Sequential<Dense<64, 10>, Softmax>;
  Model<Net> model{1};
  const std::string path = (std::filesystem::temp_directory_path() / ("tenon-options-" + std::to_string(::getpid())))
                               .string();
  EarlyStopping stopping{.monitor = Monitor::loss};
  SaveBest best{.path = path, .monitor = Monitor::loss};
  TimeLimit limit{.seconds = 1e6};
  ReduceLROnPlateau plateau{.monitor = Monitor::loss};
  EMA average{model, 0.9};
  Fit how{.loss = CrossEntropy{},
          .optimizer = Groups{SGD{.lr = 0.01}, group<by_name<"*.bias">>(Adam{})},
          .epochs = 2,
          .batch_size = 8,
          .validation_split = 0.25,
          .clip_grad_norm = 1,
          .clip_grad_value = 1,
          .progress = Progress::Mode::quiet,
          .callbacks = callbacks(stopping, best, limit, plateau, average),
          .regularizer = Regularizers{L1{1e-4}, L2{1e-4}, ElasticNet{1e-4, 1e-4}},
          .accumulate = 2};
  CHECK(27 == walk(how, [&] {
          model = Model<Net>{1};
          stopping = {.monitor = Monitor::loss, .min_delta = stopping.min_delta};
          best.best = std::nan("");
          plateau.state = {};
          fit(model, data, how);
        }));
  std::filesystem::remove(path);

  Sampler sampler{.temperature = 0.7, .top_k = 2, .top_p = 0.9};
  CHECK(2 == walk(sampler, [&] {
          Stream stream{1};
          const std::vector<float> scores{0.5F, -1, 2};
          const std::size_t token = sampler(std::span<const float>(scores), stream);
          CHECK(token < 3);
        }));
}

TEST_CASE("no option of a metric, of sampling or of a calibration is found out later") {
  const auto data = digits().take(24);
  const Model<Sequential<Dense<64, 10>, Softmax>> model{1};
  ConfusionMatrix matrix;
  CHECK(1 == walk(matrix, [&] { measure(model, data, matrix); }));
  Accuracy accuracy;
  accuracy.threshold = std::nan("");
  CHECK(error_of([&] { check_options(Fit{.metrics = metrics(accuracy)}); }) ==
        "Accuracy: threshold: expected a finite number, got nan");
  GradientNoise noise;
  Sampling drawing;
  Calibration calibration;
  InfoNCE<"a", "b"> contrast;
  Diffusion diffusion;
  CHECK(1 == walk(noise, [&] { check_options(noise); }));
  CHECK(4 == walk(drawing, [&] { check_options(drawing); }));
  CHECK(1 == walk(calibration, [&] { check_options(calibration); }));
  CHECK(1 == walk(contrast, [&] { check_options(contrast); }));
  CHECK(1 == walk(diffusion, [&] { check_options(diffusion); }));
}

TEST_CASE("sizes do not wrap, and a schedule gives a rate") {
  const auto data = digits().take(20);
  using Net = Sequential<Dense<64, 10>, Softmax>;
  Model<Net> a{1}, b{1};
  const auto settings = [](std::size_t batch, std::size_t accumulate) {
    return Fit{.optimizer = SGD{.lr = 0.1},
               .epochs = 2,
               .batch_size = batch,
               .progress = Progress::Mode::quiet,
               .accumulate = accumulate};
  };
  const std::size_t half = std::size_t{1} << 63;
  CHECK(fit(a, data, settings(20, 1)).last().training.loss == fit(b, data, settings(half, 1)).last().training.loss);
  using Sizes = std::pair<std::size_t, std::size_t>;
  for (const auto& [batch, accumulate] : {Sizes{half, half}, Sizes{~std::size_t{0}, 2}, Sizes{8, half}})
    CHECK_THROWS_WITH(fit(a, data, settings(batch, accumulate)),
                      "Fit: accumulate: expected steps of at most 2^63 samples, got " + std::to_string(accumulate) +
                          " batches of " + std::to_string(batch));
  CHECK(evaluate(a, data, CrossEntropy{}, half).loss == evaluate(a, data, CrossEntropy{}, 20).loss);
  const auto trainer = [&](std::size_t batch) { Trainer t{a, CrossEntropy{}, SGD{}, batch}; };
  CHECK_THROWS_WITH(trainer(half),
                    Contains("training: expected a batch_size from 1 to ") && Contains("got 9223372036854775808"));
  CHECK_THROWS_WITH(trainer(0), Contains("got 0"));
  CHECK_THROWS_WITH((training_bytes<Net, SGD>(half)), Contains("training: expected a batch_size from 1 to "));
  auto how = settings(20, 1);
  how.schedule = AnySchedule([](double lr, std::uint64_t t) { return t == 1 ? std::nan("") : lr; });
  CHECK_THROWS_WITH(fit(a, data, how), "SGD: lr: expected at least 0, and a finite number, got nan");
  CHECK_THROWS_WITH(Arena<float>(std::size_t{1} << 62), Contains("less than 2^63 bytes"));
}

namespace {

/// Samples of one number and one label, as many as one likes.
struct Endless {
  std::size_t count;
  std::size_t size() const { return count; }
  void read(std::size_t, Sample<float>& to) const {
    if (!to.features.empty()) to.features[0] = 1;
    to.labels[0] = 0;
  }
  auto open(std::uint64_t) const {
    return [one = *this](Sample<float>& to) { return one.read(0, to), true; };
  }
};
struct Walked {
  auto open(std::uint64_t epoch) const { return Endless{0}.open(epoch); }
};

}  // namespace

TEST_CASE("what no memory holds is an Error") {
  using Net = Sequential<Dense<1, 2>, Softmax>;
  using Drawn = Graph<In<"noisy", 2>, In<"time", 1>, Node<"both", Concat<>, "noisy", "time">,
                      Node<"noise", Dense<2>, "both">, Out<"noise">>;
  using Writer = Sequential<Input<4>, Embedding<5, 4>, MultiheadAttention<1, causal>, Dense<5>>;
  Model<Net> model{1};
  const Model<Sequential<Input<1, 4>, LSTM<3, stateful>>> steps{1};
  const Model<Drawn> drawn{1};
  const Model<Writer> writer{1};
  Session session{writer, session::generating};
  const Dataset<float> like{Features<float>{"x", {1}, {}}, Labels{{}, 2}};
  const auto of = [&](std::size_t numbers, std::size_t labels) {
    return Dataset<float>{Features<float>{"x", {numbers}, {}}, Labels{{}, 2, labels}};
  };
  const auto stream = [&](std::size_t length, std::size_t buffer = 4) {
    return make_stream(Endless{length}, like, {.buffer = buffer, .workers = 0});
  };
  const auto load = [](const Dataset<float>& data, std::size_t batch_size) {
    DataLoader<float> loader{data, batch_size};
    Batch<float> batch;
    loader.next(batch);
  };
  // 2^62 is more than any vector may have; four times as much, or twice, is 0 again
  for (const std::size_t n : {std::size_t{1} << 62, std::size_t{1} << 63, ~std::size_t{0}}) {
    INFO(n);
    const auto refused = [](auto work, const char* words) { CHECK_THROWS_WITH(work(), Contains(words)); };
    refused([&] { load(stream(n), n); }, "DataLoader: expected samples that fit in memory");
    refused([&] { load(make_stream(Endless{n}, like, {.buffer = 4, .workers = 2}), n); },
            "DataLoader: expected samples");
    refused([&] { load(stream(n, n), 2); }, "stream: .buffer: expected samples that fit in memory");
    refused([&] { load(make_stream(Walked{}, like, {.buffer = n, .length = n}), 2); }, "stream: .buffer: expected");
    refused([&] { load(make_stream(Endless{100}, of(n, 1), {.workers = 0}), 4); }, "DataLoader: expected samples that");
    refused([&] { make_stream(Endless{100}, of(1, n), {.name = "mine"}); },
            "mine: expected samples that fit in memory");
    refused([&] { stream(n).take(n); }, "take: expected samples that fit in memory");
    refused([&] { fit(model, stream(n), Fit{.batch_size = n}); }, "training: expected a batch_size from 1 to");
    refused([&] { evaluate(model, stream(n), CrossEntropy{}, n); }, "evaluate: expected a batch_size from 1 to");
    refused([&] { weighted_indices(std::vector<double>{1, 2}, n, 1); }, "weighted_indices: expected samples that fit");
    refused([&] { Diffusion{}.sample(drawn, n, Sampling{.steps = 1}, 1); }, "Diffusion: expected samples that fit");
    refused([&] { Session(steps, session::stateful, n); }, "session: expected sequences that fit in memory, got");
    refused([&] { session(std::vector<std::int32_t>{1}, n, Sampler{}, 1); }, "expected a count of tokens that fits in");
    load(stream(n), 4);  // there may be so many
  }
  const std::size_t half = std::size_t{1} << 63;
  CHECK_THROWS_WITH((Dataset<float>{Features<float>{"a", {half}, {}}, Features<float>{"b", {half}, {}}, Labels{{}, 3}}),
                    Contains("column \"b\": expected samples whose numbers can be counted"));
}
