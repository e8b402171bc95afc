#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <tenon/edge/blob.hpp>
#include <tenon/model/export.hpp>
#include <tenon/tenon.hpp>

#include "unit/zoo/rig.hpp"

/// The columns of networks whose weights are constants: `Frozen`, in constant expressions too, and its two files.
namespace tenon::zoo {

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

}  // namespace tenon::zoo
