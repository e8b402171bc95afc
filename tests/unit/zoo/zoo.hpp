#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <tenon/model/export_onnx.hpp>
#include <tenon/model/fold.hpp>
#include <tenon/model/quantize.hpp>
#include <tenon/model/session.hpp>
#include <tenon/networks/quantization_aware.hpp>
#include <tenon/networks/store_activations.hpp>
#include <tenon/tenon.hpp>

#include "support/exported_int8.hpp"
#include "unit/zoo/constant_weights.hpp"
#include "unit/zoo/parts.hpp"
#include "unit/zoo/refusal_text.hpp"
#include "unit/zoo/rig.hpp"
#include "unit/zoo/round_trip.hpp"
#include "unit/zoo/stepping.hpp"
#include "unit/zoo/training.hpp"

/// The zoo: networks of all kinds, each sent through every way of running one. A cell of its table is "yes", which
/// means equal to the model within the bound of its column, or the layer that is refused and its place, as the compile
/// error names them; nothing else. The table stands in docs/support.md, is written by scripts/support, and a test
/// compares it.
///
/// A network is a row: `Network<"GRU", Sequential<Input<5, 3>, GRU<4>>>`; the number behind is how many tokens there are
/// where the input is tokens. A further way of running is a further column: a function of a row, in one of the headers
/// here, and its name in `columns`.
namespace tenon::zoo {

inline constexpr std::array<std::string_view, 20> columns{"gradient",  "threads", "ranks",   "single", "frozen parts",
                                                          "parts",     "fold",    "average", "save",   "Frozen",
                                                          "constexpr", "blob",    "Session", "steps",  "tokens",
                                                          "Quantized", "16 bits", "Learner", "ONNX",   "ONNX int8"};

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
std::string check_host(const Sampled<A>& s) {
  Session net{s.model};
  return yes_within(s.distance_by_sample(net), rounding);
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
  if constexpr (!runs_as<in_int8, Net>) return RefusalText<refusal<in_int8, Net>>::text();
  else return yes_if(distance_in_whole_numbers<Net>(s, s.model) <= 0.1F);
}

/// With activations of 16 bits what is left is the error of the weights, which have 8.
template <class A>
std::string check_16_bits(const Sampled<A>& s) {
  using Net = StoreActivations<typename A::Net, activation_bits<16>>;
  if constexpr (!runs_as<in_int8, Net>) {
    return RefusalText<refusal<in_int8, Net>>::text();
  } else {
    Model<Net> model{1};  // whose parameters lie as those of the network do
    std::copy_n(s.model.parameters().data(), model.parameters().size(), model.parameters().data());
    std::copy_n(s.model.buffers().data(), model.buffers().size(), model.buffers().data());
    return yes_if(distance_in_whole_numbers<Net>(s, model) <= 0.03F);
  }
}

/// As an ONNX file, and that file as a type.
template <class A>
std::string check_onnx(const Sampled<A>& s) {
  using Net = typename A::Net;
  if constexpr (!runs_as<in_onnx, Net>) {
    return RefusalText<refusal<in_onnx, Net>>::text();
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
    return RefusalText<refusal<in_onnx_int8, Net>>::text();
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
/// nothing else is done (scripts/roundtrip); with TENON_ZOO_BITS all that is done is that rank 0 writes to that file
/// what training leaves (tests/mpi/run.cmake).
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
  std::ifstream file(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "support.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  INFO("docs/support.md is not what the networks do; scripts/support writes it anew. Expected:\n" << text);
  CHECK(page.find("\n" + text + "\n") != std::string::npos);
}

}  // namespace tenon::zoo
