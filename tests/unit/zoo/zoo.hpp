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
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/dist/thread_ranks.hpp>
#include <tenon/edge/blob.hpp>
#include <tenon/edge/learner.hpp>
#include <tenon/model/export_onnx.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/generate.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/model/session.hpp>
#include <tenon/networks/quantization_aware.hpp>
#include <tenon/networks/store_activations.hpp>
#include <tenon/tenon.hpp>

#include "support/exported_int8.hpp"
#include "support/gradient_check.hpp"
#include "unit/zoo/parts.hpp"
#include "unit/zoo/rig.hpp"
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

inline constexpr std::array<std::string_view, 20> columns{"gradient",  "threads", "ranks",   "single", "frozen parts",
                                                          "parts",     "fold",    "average", "save",   "Frozen",
                                                          "constexpr", "blob",    "Session", "steps",  "tokens",
                                                          "Quantized", "16 bits", "Learner", "ONNX",   "ONNX int8"};

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

/// Small fractions instead of what was learned: constants for the compiler.
constexpr float fraction(std::size_t i) { return static_cast<float>((i * 37 + 11) % 64) / 64 - 0.5F; }
template <class Net>
constexpr Weights<Net> constant_weights = [] {
  Weights<Net> weights{};
  for (const ParameterEntry& entry : parameter_table<Net>) {
    float* to = (entry.trainable ? weights.parameters : weights.buffers) + entry.offset;
    for (std::size_t i = 0; i < entry.size; ++i)
      to[i] = fraction(i + entry.offset) + (entry.name.ends_with("running_var") || entry.name.ends_with("max_val")
                                                ? 1.0F
                                            : entry.name.ends_with("min_val") ? -1.0F
                                                                              : 0.0F);
  }
  return weights;
}();
template <class A>
constexpr auto constant_sample = [] {
  std::array<float, input_shape<typename A::Net>::size> x{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    if constexpr (A::tokens > 0) x[i] = static_cast<float>(i % A::tokens);
    else x[i] = fraction(i);
  }
  return x;
}();
template <class A>
constexpr auto constant_result() {
  std::array<float, output_shape<typename A::Net>::size> y{};
  Frozen<typename A::Net> net{constant_weights<typename A::Net>};
  net(constant_sample<A>, y);
  return y;
}
/// Compilers count what they compute, and take their time: larger networks are left to run time.
inline constexpr std::size_t most_macs_in_the_compiler = 600;
template <class A>
concept RunsInTheCompiler = requires {
  typename std::bool_constant<(constant_result<A>()[0], true)>;
};

template <class A>
std::string check_constexpr() {
  using Net = typename A::Net;
  if constexpr (Frozen<Net>::macs > most_macs_in_the_compiler) {
    return "large";
  } else if constexpr (!RunsInTheCompiler<A>) {
    return "no";
  } else {
    static constexpr auto y = constant_result<A>();
    Model<Net> model{1};
    for (const ParameterEntry& entry : parameter_table<Net>) {
      const float* from = entry.trainable ? constant_weights<Net>.parameters : constant_weights<Net>.buffers;
      std::copy_n(from + entry.offset, entry.size, model.values(entry).begin());
    }
    std::array<float, y.size()> expected{};
    model.predict(constant_sample<A>, expected);
    return yes_within(distance(y, expected), rounding);
  }
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

/// How far what a network gives in whole numbers lies from what the model gives, as a share of the range of that.
template <class Net, class A>
float distance_in_whole_numbers(const Sampled<A>& s, const Model<Net>& model) {
  const Dataset<float> data({s.in}, s.x);
  DataLoader<float> loader{data, 9, 1};
  const std::vector<float> got = test::outputs_in_int8(*quantize(model, loader), s.x);
  const auto [low, high] = std::minmax_element(s.y.begin(), s.y.end());
  float most = 0;
  for (std::size_t i = 0; i < got.size(); ++i) most = std::max(most, std::abs(got[i] - s.y[i]));
  return most / (*high - *low);
}

/// Int8 has 255 numbers: what it gives lies within a tenth of the range of what the model gives.
template <class A>
std::string check_int8(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<in_int8, Net>) return Words<refusal<in_int8, Net>>::text();
  else return yes_if(distance_in_whole_numbers<Net>(s, s.model) <= 0.1F);
}

/// With activations of 16 bits what is left is the error of the weights, which have 8.
template <class A>
std::string check_16_bits(const Sampled<A>& s) {
  using Net = StoreActivations<typename A::Net, activation_bits<16>>;
  constexpr std::size_t inputs = detail::input_count<input_shape<typename A::Net>>;
  if constexpr (inputs > 1) {
    return "no: several inputs";  // StoreActivations is of networks of one input
  } else if constexpr (!runs_as<in_int8, Net>) {
    return Words<refusal<in_int8, Net>>::text();
  } else {
    Model<Net> model{1};  // whose parameters lie as those of the network do
    std::copy_n(s.model.parameters().data(), model.parameters().size(), model.parameters().data());
    std::copy_n(s.model.buffers().data(), model.buffers().size(), model.buffers().data());
    return yes_if(distance_in_whole_numbers<Net>(s, model) <= 0.03F);
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

/// The network in int8 as an ONNX file, and what the importer makes of that.
template <class A>
std::string check_onnx_int8(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<in_onnx_int8, Net>) {
    return Words<refusal<in_onnx_int8, Net>>::text();
  } else {
    const Dataset<float> data({s.in}, s.x);
    DataLoader<float> loader{data, 9, 1};
    const auto numbers = quantize(s.model, loader);
    const std::vector<float> y = test::outputs_in_int8(*numbers, s.x);
    const File file;
    const std::string cell = round_trip(test::exported_int8(*numbers, file.path, s.x, y, 4));
    CHECK_THAT(cell, !Catch::Matchers::StartsWith("WRONG"));
    return cell.substr(0, cell.find(':'));  // reasons have scales in them
  }
}

/// All cells of a row, in the order of `columns`.
template <class A>
std::string examine() {
  INFO(A::name);
  // each pass over the data has its row in the table that names it
  CHECK(unit_table<typename A::Net>.size() == layout_of<bound_network<typename A::Net>>.units);
  const Sampled<A> s;
  const std::array<std::string, columns.size()> cells{
      check_gradient<A>(),
      check_threads<A>(),
      check_ranks<A>(),  //
      yes_within(s.distance_by_sample([&s](auto x, auto y) { s.model.predict(x, y); }), rounding),
      check_frozen_parts(s),
      check_parts(s),
      check_fold(s),
      check_average(s),
      check_save(s),
      check_frozen(s),
      check_constexpr<A>(),
      check_blob(s),
      check_host(s),
      check_steps(s),
      check_generator(s),
      check_int8(s),
      check_16_bits(s),
      check_learner(s),
      check_onnx(s),
      check_onnx_int8(s)};
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
