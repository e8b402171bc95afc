#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/dist/thread_ranks.hpp>
#include <tenon/edge/blob.hpp>
#include <tenon/edge/learner.hpp>
#include <tenon/edge/quantized.hpp>
#include <tenon/model/export_onnx.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/generate.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/model/session.hpp>
#include <tenon/networks/quantization_aware.hpp>
#include <tenon/tenon.hpp>

#include "support/gradient_check.hpp"
#include "unit/zoo/round_trip.hpp"

/// The zoo: networks of all kinds, each sent through every way of running one. A cell of its table is "yes", which
/// means equal to the model within the bound of its column, or the layer that is refused and its place, as the compile
/// error names them; nothing else. The table stands in docs/support.md, is written by scripts/support, and a test
/// compares it.
///
/// An animal is a row: `Animal<"GRU", Sequential<Input<5, 3>, GRU<4>>>`; the number behind is how many tokens there are
/// where the input is tokens. A further way of running is a further column: a function of a row here, and its name in
/// `columns`.
namespace tenon::zoo {

template <fixed_string Name, class Network, std::size_t Tokens = 0>
struct Animal {
  static constexpr std::string_view name = Name.view();
  using Net = Network;
  static constexpr std::size_t tokens = Tokens;
};

inline constexpr std::array<std::string_view, 16> columns{
    "gradient", "threads", "ranks",   "single", "frozen part", "fold",      "average", "save",
    "Frozen",   "blob",    "Session", "steps",  "tokens",      "Quantized", "Learner", "ONNX"};

/// "`Tanh` at 0.1"
template <class Refusal>
struct Words {
  static std::string text() { return "no"; }
};
inline void add_step(std::string& text, const std::string& step) {
  if (step != ".") text += (text.empty() ? "" : ".") + step;
}
template <std::size_t N>
std::string step_text(const fixed_string<N>& step) {
  return std::string(step.view());
}
inline std::string step_text(int step) { return std::to_string(step); }
template <auto... Step>
std::string path_text(path<Step...>) {
  std::string text;
  (add_step(text, step_text(Step)), ...);
  return text;
}
template <class L>
std::string layer_text() {
  const std::string_view whole = type_name<L>();
  return std::string(whole.substr(0, whole.find('<')));
}
template <class Path, class L, class Execution, class... Takes>
struct Words<cannot_run<layer<Path, L>, Execution, Takes...>> {
  static std::string text() {
    const std::string at = path_text(Path{});
    return "no: " + layer_text<L>() + (at.empty() ? "" : " at " + at);
  }
};
template <class Net, class Takes>
struct Words<not_a_language_model<Net, Takes>> {
  static std::string text() { return "no: gives no scores of tokens"; }
};
template <class Path, class Net, class Takes>
struct Words<shape_mismatch<layer<Path, Net>, Takes, in_int8, from_input>> {
  static std::string text() { return "no: steps do not go together"; }
};

template <class T>
std::vector<T> inputs(std::size_t count, std::size_t tokens, std::uint64_t seed) {
  Stream random(seed, Purpose::user);
  std::vector<T> x(count);
  for (T& v : x)
    v = tokens > 0 ? std::floor(random.uniform<T>(0, static_cast<T>(tokens) - T(0.001))) : random.uniform<T>(-1, 1);
  return x;
}

/// The largest difference, by the size of what is expected.
template <class A, class B>
double distance(const A& got, const B& expected) {
  REQUIRE(std::size(got) == std::size(expected));
  double most = 0;
  auto b = std::begin(expected);
  for (const auto v : got) {
    const double want = static_cast<double>(*b++), d = std::abs(static_cast<double>(v) - want) / (1 + std::abs(want));
    most = d <= most ? most : d;  // NaN is far away
    if (d != d) return d;
  }
  return most;
}
/// What every network's numbers are rounded by on the way through its layers, in float.
inline constexpr double rounding = 2e-5;

inline std::string yes_within(double d, double bound) {
  CHECK(d <= bound);
  return d <= bound ? "yes" : "WRONG";
}
inline std::string yes_if(bool right) {
  CHECK(right);
  return right ? "yes" : "WRONG";
}

template <class Net>
constexpr bool has_running_statistics = detail::running_statistics<Net>.count > 0;

/// All numbers are moved a little from where they begin: zeros and ones would hide much.
template <class M>
void stir(M& model, std::uint64_t seed) {
  Stream random(seed, Purpose::user);
  using T = typename M::scalar;
  for (const ParameterEntry& entry : parameter_table<typename M::network>)
    for (T& v : model.values(entry)) {
      v += random.uniform<T>(entry.name.ends_with("running_var") ? T(0) : T(-0.2), T(0.2));
      // a range wide enough for gradients to pass
      if (entry.name.ends_with("min_val")) v -= T(1);
      if (entry.name.ends_with("max_val")) v += T(1);
    }
}

/// Squared errors of all outputs.
template <class Net, std::size_t... K>
auto loss_of(std::index_sequence<K...>) {
  constexpr const auto& names = detail::port_names<Net>::outputs;
  if constexpr (sizeof...(K) == 1) return MeanSquaredError{};
  else return (on<detail::to_fixed_string<names[K].size()>(names[K])>(MeanSquaredError{}) + ...);
}
template <class Net>
auto loss_of() {
  return loss_of<Net>(std::make_index_sequence<number_of_outputs<Net>>{});
}
/// What a batch says of its targets where there are several outputs.
template <class Net>
std::vector<ColumnInfo> columns_of() {
  std::vector<ColumnInfo> all;
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    (all.push_back({std::string(detail::port_names<Net>::outputs[K]),
                    ColumnKind::targets,
                    {output_shape_at<Net, K>::size},
                    detail::port_offset<output_shape<Net>>(K),
                    output_shape_at<Net, K>::size,
                    0}),
     ...);
  }
  (std::make_index_sequence<number_of_outputs<Net>>{});
  return all;
}

/// Training in double, a batch and what comes of it.
template <class Net>
struct Lesson {
  using M = Model<Net, double>;
  M model{1};
  std::vector<double> x, target;
  std::vector<ColumnInfo> columns{};
  Trainer<M, decltype(loss_of<Net>()), SGD> trainer;
  Batch<double> batch{};

  Lesson(std::size_t count, std::size_t tokens, std::size_t shards = 0)
      : x(inputs<double>(count * M::input::size, tokens, 2)),
        target(inputs<double>(count * M::output::size, 0, 3)),
        trainer(model, loss_of<Net>(), SGD{.lr = 0.1}, count, 4, shards) {
    if constexpr ((number_of_outputs<Net>) > 1) batch.columns = columns = columns_of<Net>();
    stir(model, 5);
    batch.features = x;
    batch.targets = target;
    batch.count = count;
  }
  double loss() {
    trainer.reset_states();
    trainer.zero_grad();
    trainer.forward(batch);
    return trainer.loss();
  }
  std::vector<double> gradients() {
    loss();
    trainer.backward();
    const auto all = trainer.gradients();
    return {all.begin(), all.end()};
  }
};

template <class A>
std::string check_gradient() {
  using Net = typename A::Net;
  if constexpr (parameter_count<Net> == 0) return "nothing to learn";
  if (std::ranges::any_of(parameter_table<Net>,
                          [](const ParameterEntry& entry) { return entry.name.ends_with("min_val"); }))
    return "straight through";
  Lesson<Net> run(11, A::tokens);
  const std::vector<double> gradient = run.gradients();
  test::GradientComparison comparison{1e-5};
  for (const ParameterEntry& entry : parameter_table<Net>)
    if (entry.trainable)
      test::compare_gradient(
          comparison, [&] { return run.loss(); }, run.model.values(entry),
          std::span(gradient).subspan(entry.offset, entry.size), std::string(entry.name));
  for (const std::string& fault : comparison.faults) FAIL_CHECK(fault);
  return comparison.faults.empty() ? "yes" : "WRONG";
}

template <class A>
std::string check_threads() {
  using Net = typename A::Net;
  if constexpr (parameter_count<Net> == 0) return "nothing to learn";
  const auto with = [](std::size_t threads) {
    set_num_threads(threads);
    Lesson<Net> run(57, A::tokens);
    set_num_threads(1);
    return run.gradients();
  };
  if constexpr (has_running_statistics<Net>)
    return with(7) == with(7) && with(2) == with(2) ? "own statistics" : "WRONG";
  const std::vector<double> one = with(1);
  return yes_within(std::max(distance(with(2), one), distance(with(7), one)), 1e-11);
}

/// Whether what `train` gives in one process has the same bits on threads, and on ranks, each of them a thread here.
inline std::string same_bits(const std::function<std::vector<double>()>& train) {
  try {
    const std::vector<double> alone = train();
    const auto right = [&alone](const std::vector<double>& got) {
      return std::memcmp(got.data(), alone.data(), alone.size() * sizeof(double)) == 0;
    };
    set_num_threads(3);
    bool all = std::ranges::all_of(alone, [](double v) { return std::isfinite(v); }) && right(train());
    for (const std::size_t ranks : {2U, 3U}) {
      set_num_threads(ranks == 2 ? 2 : 1);
      std::array<char, 3> on_rank{};
      run_ranks(ranks, [&](Communicator& rank) { on_rank[rank.rank()] = right(train()); }, {.piece_bytes = 64});
      all = all && static_cast<std::size_t>(std::ranges::count(on_rank, 1)) == ranks;
    }
    set_num_threads(1);
    return yes_if(all);
  } catch (const Error& error) {
    set_num_threads(1);
    const std::string_view text = error.what();
    if (text.find("without layers that are stateful") != text.npos) return "no: stateful";
    if (text.find("whose running statistics") != text.npos) return "no: own statistics";
    FAIL_CHECK(text);
    return "WRONG";
  }
}

/// Two steps of training, whose batch is cut into four shards of different sizes: the loss, and all numbers of the
/// model.
template <class A>
std::vector<double> trained_in_shards() {
  Lesson<typename A::Net> run(67, A::tokens, 4);
  std::vector<double> all;
  for (int step = 0; step < 2; ++step) {
    all.push_back(run.loss());
    run.trainer.backward();
    run.trainer.step();
  }
  for (const auto numbers : {run.model.parameters().span(), run.model.buffers().span()})
    all.insert(all.end(), numbers.begin(), numbers.end());
  return all;
}

template <class A>
std::string check_ranks() {
  if constexpr (parameter_count<typename A::Net> == 0) return "nothing to learn";
  else return same_bits(trained_in_shards<A>);
}

/// A line for tests/mpi, which compares them for any number of processes: what training leaves, or why it is refused.
template <class A>
std::string trained_bits() {
  std::string text = std::string(A::name) + ": ";
  if constexpr (parameter_count<typename A::Net> == 0) {
    text += "nothing to learn";
  } else {
    try {
      const std::vector<double> all = trained_in_shards<A>();
      std::uint64_t sum = 14695981039346656037U;
      for (const double number : all) sum = (sum ^ std::bit_cast<std::uint64_t>(number)) * 1099511628211U;
      if (const World* world = detail::current_world()) {
        std::vector<std::uint64_t> sums(world->ranks->size());
        world->ranks->all_gather(&sum, sums.data(), sizeof sum);
        if (std::ranges::count(sums, sum) != std::ssize(sums)) text += "not on every rank ";
      }
      std::array<char, 17> digits{};
      std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(sum));
      text += digits.data();
    } catch (const Error& error) {
      text += error.what();
    }
  }
  return text + "\n";
}

/// The first part that learns: what stands in front of its first parameter's own name.
template <class Net>
constexpr auto first_part() {
  constexpr std::string_view name = [] {
    for (const ParameterEntry& entry : parameter_table<Net>)
      if (entry.trainable) return entry.name;
    return std::string_view{};
  }();
  constexpr std::size_t dot = name.rfind('.');
  constexpr std::string_view part = dot == std::string_view::npos ? std::string_view{} : name.substr(0, dot);
  return detail::to_fixed_string<part.size()>(part);
}

/// Samples and what the model makes of them, in float.
template <class A>
struct Sampled {
  using Net = typename A::Net;
  using M = Model<Net>;
  static constexpr std::size_t count = 9, in = M::input::size, out = M::output::size;
  M model{1};
  std::vector<float> x = inputs<float>(count * in, A::tokens, 2), y = std::vector<float>(count * out);

  Sampled() {
    stir(model, 5);
    model.predict(x, y);
  }
  std::span<const float, in> sample(std::size_t i) const { return std::span<const float, in>(x.data() + i * in, in); }
  template <class Other>
  double distance_of(const Other& other) const {
    std::vector<float> got(y.size());
    other.predict(std::span<const float>(x), std::span<float>(got));
    return distance(got, y);
  }
  /// Of what is called sample by sample.
  template <class F>
  double distance_by_sample(F&& run) const {
    std::vector<float> got(y.size());
    for (std::size_t i = 0; i < count; ++i) run(sample(i), std::span<float, out>(got.data() + i * out, out));
    return distance(got, y);
  }
};

/// The bits of what neither learns nor runs.
template <class M>
auto constants_of(const M& model) {
  std::vector<typename M::scalar> all;
  for (const ParameterEntry& entry : parameter_table<typename M::network>)
    if (!entry.trainable && !entry.running)
      all.insert(all.end(), model.values(entry).begin(), model.values(entry).end());
  return all;
}

/// What learns beside a frozen part has the gradients that it has beside a learning one; the part stays, on any
/// threads.
template <class Net, class Part>
bool trains_beside(std::size_t tokens) {
  Lesson<Net> whole(11, tokens);
  Lesson<Part> part(11, tokens);
  const std::vector<double> expected = whole.gradients(), got = part.gradients();
  bool right = true;
  for (std::size_t i = 0; i < parameter_table<Part>.size(); ++i) {
    const ParameterEntry &to = parameter_table<Part>[i], &from = parameter_table<Net>[i];
    right = right && to.name == from.name;
    if (to.trainable)
      right = right && distance(std::span(got).subspan(to.offset, to.size),
                                std::span(expected).subspan(from.offset, from.size)) <= 1e-11;
  }
  set_num_threads(7);
  Lesson<Part> threads(57, tokens);
  set_num_threads(1);
  const std::vector<double> before = constants_of(threads.model);
  const auto learned = threads.model.parameters().span();
  const std::vector<double> first(learned.begin(), learned.end());
  threads.gradients();
  threads.trainer.step();
  return right && constants_of(threads.model) == before && !std::ranges::equal(learned, first);
}

template <class A>
std::string check_frozen_part(const Sampled<A>& s) {
  using Net = typename A::Net;
  constexpr auto part = first_part<Net>();
  if constexpr (part.view().empty()) {
    return "no part";
  } else {
    using Part = freeze<Net, part>;
    if constexpr (detail::root_of<Part>::mistakes::size > 0) {
      return "no: Tied";  // its embedding would have to learn
    } else {
      Model<Part> frozen{9};
      CHECK(copy_parameters(s.model, frozen) == parameter_table<Net>.size());
      CHECK(parameter_count<Part> < parameter_count<Net>);
      if constexpr ((parameter_count<Part>) > 0) CHECK(trains_beside<Net, Part>(A::tokens));
      return yes_within(s.distance_of(frozen), rounding);
    }
  }
}

template <class A>
std::string check_fold(const Sampled<A>& s) {
  if constexpr (std::is_same_v<Folded<typename A::Net>, typename A::Net>) return "nothing to fold";
  else return yes_within(s.distance_of(fold(s.model)), rounding);
}

template <class A>
std::string check_average(const Sampled<A>& s) {
  EMA average{Sampled<A>{}.model, 0.5};
  auto model = s.model;
  stir(model, 8);
  average.move(model, 1);
  for (int i = 0; i < 40; ++i) average.move(model, 0.5);
  std::vector<float> a(s.y.size()), b(s.y.size());
  average.model.predict(s.x, a);
  model.predict(s.x, b);
  if constexpr (has_running_statistics<typename A::Net>) {
    const std::vector<float> before = constants_of(model);
    update_batch_norm(model, Dataset<float>({s.in}, s.x));
    CHECK(constants_of(model) == before);
  }
  return yes_within(distance(a, b), rounding);
}

/// A file that goes with the test.
struct File {
  std::string path = (std::filesystem::temp_directory_path() / ("tenon_zoo_" + std::to_string(std::random_device{}())))
                         .string();
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path); }
};

template <class A>
std::string check_save(const Sampled<A>& s) {
  const File file;
  s.model.save(file.path);
  Model<typename A::Net> other{77};
  other.load(file.path);
  std::vector<float> got(s.y.size());
  other.predict(s.x, got);
  return yes_if(got == s.y);
}

template <class A>
std::string check_frozen(const Sampled<A>& s) {
  const auto weights = frozen_weights(s.model);
  const auto net = std::make_unique<Frozen<typename A::Net>>(*weights);
  return yes_within(s.distance_by_sample(*net), rounding);
}

/// Both ways in which a firmware gets the numbers: a header, whose self-test is what Frozen gives, and a blob.
template <class A>
std::string check_blob(const Sampled<A>& s) {
  using Net = typename A::Net;
  const File file, header;
  export_header(s.model, header.path, {.name = "zoo", .network = "Net"});
  export_blob(s.model, file.path);
  CHECK(std::filesystem::file_size(header.path) > 0);
  std::vector<std::uint32_t> words(std::filesystem::file_size(file.path) / sizeof(std::uint32_t));
  std::ifstream(file.path, std::ios::binary)
      .read(reinterpret_cast<char*>(words.data()), static_cast<std::streamsize>(words.size() * 4));
  const auto blob = open_weights<Net>(std::as_bytes(std::span(words)));
  const auto weights = frozen_weights(s.model);
  return yes_if(blob && std::memcmp(blob.weights, weights.get(), sizeof *weights) == 0);
}

template <class A>
std::string check_host(const Sampled<A>& s) {
  Session net{s.model};
  return yes_within(s.distance_by_sample(net), rounding);
}

/// Step t of sequences that lie one behind the other.
template <class... S>
std::vector<float> step_of(detail::list<S...>, std::span<const float> rows, bool signal, std::size_t t) {
  std::vector<float> step;
  [[maybe_unused]] const auto take = [&]<class Shape>(std::type_identity<Shape>) {
    const std::size_t steps = signal ? Shape::inner : Shape::front, width = Shape::size / steps;
    for (std::size_t f = 0; f < width; ++f) step.push_back(rows[signal ? f * steps + t : t * width + f]);
    rows = rows.subspan(Shape::size);
  };
  (take(std::type_identity<S>{}), ...);
  return step;
}
template <class S>
struct listed_shapes {
  using type = detail::list<S>;
};
template <class... S>
struct listed_shapes<Inputs<S...>> {
  using type = detail::list<S...>;
};
template <class... S>
struct listed_shapes<Outputs<S...>> {
  using type = detail::list<S...>;
};
template <class S, class... Rest>
constexpr std::size_t steps_of(detail::list<S, Rest...>, bool signal) {
  return signal ? S::inner : S::front;
}

template <class A>
std::string check_steps(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<step_by_step, Net>) {
    return Words<refusal<step_by_step, Net>>::text();
  } else {
    using Step = typename Frozen<Net>::Stepped;
    constexpr bool signal = detail::takes_signals<Net>();
    constexpr typename listed_shapes<input_shape<Net>>::type in_shapes{};
    constexpr typename listed_shapes<output_shape<Net>>::type out_shapes{};
    constexpr std::size_t steps = steps_of(in_shapes, signal), given = steps_of(out_shapes, signal),
                          late = steps - given;
    const auto weights = frozen_weights(s.model);
    const auto net = std::make_unique<Step>(*weights);
    Session host{s.model, session::stepped};
    double most = 0;
    for (std::size_t i = 0; i < s.count; ++i) {
      net->reset();
      host.reset();
      std::vector<float> out(Step::output::size), on_host(out.size());
      for (std::size_t t = 0; t < steps; ++t) {
        const std::vector<float> in = step_of(in_shapes, std::span(s.x).subspan(i * s.in, s.in), signal, t);
        net->step(std::span<const float, Step::input::size>(in), std::span<float, Step::output::size>(out));
        host.step(std::span<const float, Step::input::size>(in), std::span<float, Step::output::size>(on_host));
        if (t < late) continue;
        const std::vector<float> expected = step_of(out_shapes, std::span(s.y).subspan(i * s.out, s.out), signal,
                                                    t - late);
        most = std::max({most, distance(out, expected), distance(on_host, expected)});
      }
    }
    return yes_within(most, rounding);
  }
}

template <class A>
std::string check_generator(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<token_by_token, Net>) {
    return Words<refusal<token_by_token, Net>>::text();
  } else {
    Session generator{s.model, session::generating};
    constexpr std::size_t tokens = decltype(generator)::tokens;
    double most = 0;
    for (std::size_t i = 0; i < s.count; ++i) {
      generator.reset();
      for (std::size_t t = 0; t < s.in; ++t) {
        generator.step(static_cast<std::int32_t>(s.x[i * s.in + t]));
        std::vector<float> expected(s.y.begin() + static_cast<std::ptrdiff_t>(i * s.out + t * tokens),
                                    s.y.begin() + static_cast<std::ptrdiff_t>(i * s.out + (t + 1) * tokens));
        detail::take_scores<Net>(std::span<float>(expected));
        most = std::max(most, distance(generator.scores(), expected));
      }
    }
    return yes_within(most, rounding);
  }
}

/// Int8 has 255 numbers: what it gives lies within a tenth of the range of what the model gives.
template <class A>
std::string check_int8(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<in_int8, Net>) {
    return Words<refusal<in_int8, Net>>::text();
  } else {
    const Dataset<float> data({s.in}, s.x);
    DataLoader<float> loader{data, 9, 1};
    const auto tables = std::make_unique<edge::QuantizedTables<Net>>(edge::make_tables(*quantize(s.model, loader)));
    const auto net = std::make_unique<Quantized<Net>>(*tables);
    std::vector<float> got(s.y.size());
    for (std::size_t i = 0; i < s.count; ++i)
      (*net)(s.sample(i), std::span<float, Sampled<A>::out>(got.data() + i * s.out, s.out));
    const auto [low, high] = std::minmax_element(s.y.begin(), s.y.end());
    float most = 0;
    for (std::size_t i = 0; i < got.size(); ++i) most = std::max(most, std::abs(got[i] - s.y[i]));
    return yes_if(most <= 0.1F * (*high - *low));
  }
}

/// What a device makes of a sample, and the gradients of one, beside those of training in double. Where statistics are
/// those of a batch there, they are fixed on the device: tests/unit/edge looks at the gradients.
template <class A>
std::string check_learner(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<learning_on_device, Net>) {
    return Words<refusal<learning_on_device, Net>>::text();
  } else if constexpr (number_of_outputs<Net> > 1) {
    return "no: several outputs";
  } else if constexpr (parameter_count<Net> == 0) {
    return "nothing to learn";
  } else {
    using Learner = edge::Learner<Net, MeanSquaredError, PlainSGD>;
    const auto weights = frozen_weights(s.model);
    const auto net = std::make_unique<Learner>(*weights, PlainSGD{.lr = 0}, 4);
    double most = s.distance_by_sample([&net](auto x, auto y) {
      net->reset_states();
      (*net)(x, y);
    });
    if constexpr (!has_running_statistics<Net>) {
      Lesson<Net> run(1, A::tokens);
      for (const ParameterEntry& entry : parameter_table<Net>)
        std::copy_n(s.model.values(entry).begin(), entry.size, run.model.values(entry).begin());
      const std::vector<float> x(run.x.begin(), run.x.end()), target(run.target.begin(), run.target.end());
      net->reset_states();
      net->learn(std::span<const float, Learner::input::size>(x),
                 std::span<const float, Learner::output::size>(target));
      most = std::max(most, distance(net->gradients(), run.gradients()));
    }
    return yes_within(most, rounding);
  }
}

/// As an ONNX file, and that file as a type.
template <class A>
std::string check_onnx(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<in_onnx, Net>) {
    return Words<refusal<in_onnx, Net>>::text();
  } else {
    const File file;
    const std::string folder = kept_folder();
    Exported net{folder.empty() ? file.path : folder + "/" + std::string(A::name) + ".onnx",
                 {},
                 s.count,
                 s.x,
                 s.y,
                 detail::onnx_axes<input_shape<Net>>::value(),
                 detail::onnx_axes<output_shape<Net>>::value()};
    for (const ParameterEntry& entry : parameter_table<Net>)
      net.parameters.push_back({entry.name, s.model.values(entry)});
    export_onnx(s.model, net.path);
    std::string cell = round_trip(net);
    CHECK_THAT(cell, !Catch::Matchers::StartsWith("WRONG"));
    return cell;
  }
}

/// All cells of a row, in the order of `columns`.
template <class A>
std::string examine() {
  INFO(A::name);
  const Sampled<A> s;
  const std::array<std::string, columns.size()> cells{
      check_gradient<A>(),
      check_threads<A>(),
      check_ranks<A>(),  //
      yes_within(s.distance_by_sample([&s](auto x, auto y) { s.model.predict(x, y); }), rounding),
      check_frozen_part(s),
      check_fold(s),
      check_average(s),
      check_save(s),
      check_frozen(s),
      check_blob(s),
      check_host(s),
      check_steps(s),
      check_generator(s),
      check_int8(s),
      check_learner(s),
      check_onnx(s)};
  std::string row = "| " + std::string(A::name) + " |";
  for (const std::string& cell : cells) row += " " + cell + " |";
  return row + "\n";
}

/// The rows of one program, under its title, against docs/support.md. With TENON_ZOO_OUT in the environment they are
/// written to that file instead (scripts/support); with TENON_ONNX_FOLDER the networks are exported to that folder and
/// nothing else is done (scripts/roundtrip); with
/// TENON_ZOO_BITS all that is done is that rank 0 writes to that file what training leaves (tests/mpi/run.cmake).
template <class... A>
void check_table(std::string_view title) {
  if (!kept_folder().empty()) {
    (std::printf("%s\t%s\n", std::string(A::name).c_str(), check_onnx(Sampled<A>{}).c_str()), ...);
    return;
  }
  if (const char* out = std::getenv("TENON_ZOO_BITS")) {
    const std::string bits = (trained_bits<A>() + ...);
    const World* world = detail::current_world();
    if (!world || world->ranks->rank() == 0) std::ofstream(out, std::ios::app) << bits;
    return;
  }
  std::string text = "### " + std::string(title) + "\n\n| network |";
  for (const std::string_view column : columns) text += " " + std::string(column) + " |";
  text += "\n|---|";
  for (std::size_t i = 0; i < columns.size(); ++i) text += "---|";
  text += "\n";
  const int in_order[] = {0, (text += examine<A>(), 0)...};
  static_cast<void>(in_order);
  CHECK(text.find("WRONG") == std::string::npos);
  if (const char* out = std::getenv("TENON_ZOO_OUT")) {
    std::ofstream(out) << text;
    return;
  }
  std::ifstream file(TENON_SUPPORT_TABLE);
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  INFO("docs/support.md is not what the networks do; scripts/support writes it anew. Expected:\n" << text);
  CHECK(page.find("\n" + text + "\n") != std::string::npos);
}

}  // namespace tenon::zoo
