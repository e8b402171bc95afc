#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/golden.hpp"
#include "support/golden_check.hpp"
#include "support/network_run.hpp"

/// Layers whose buffers move in training.
namespace tenon::test {

template <class T>
std::vector<double> doubles(std::span<const T> numbers) {
  return {numbers.begin(), numbers.end()};
}
template <class T>
std::vector<double> doubles(const GuardedRows<T>& rows) {
  const std::vector<T> numbers = rows.values();
  return doubles(std::span<const T>(numbers));
}
template <class Net, class T>
std::vector<double> statistic(NetworkRun<Net, T>& run, const ParameterEntry& entry) {
  return doubles(std::span<const T>(run.buffers.data() + entry.offset, entry.size));
}

/// Three training steps and one evaluation of PyTorch's, with the running statistics after each.
template <class Net, class T>
void check_golden_steps(const std::string& family, double tolerance, std::string_view file = "batch_norm") {
  const Golden golden{file};
  NetworkRun<Net, T> run{golden.shape(family + "_step1.x")[0]};
  const auto near = [&](const std::vector<double>& got, const std::string& name) {
    test::detail::check_values(got, golden.values(name), tolerance, 0.1, name);
  };
  const auto name = [](const ParameterEntry& entry) { return std::string(entry.name.substr(2)); };
  for (const ParameterEntry& entry : parameter_table<Net>) {
    const std::vector<double> numbers = golden.values(family + "_step1." + name(entry));
    REQUIRE(numbers.size() == entry.size);
    if (entry.trainable) std::copy(numbers.begin(), numbers.end(), run.parameter(entry).begin());
  }
  for (const char* number : {"_step1", "_step2", "_step3"}) {
    const std::string step = family + number;
    run.x.assign(golden.values(step + ".x"));
    run.dy.assign(golden.values(step + ".dy"));
    run.forward(Training{});
    run.backward();
    near(doubles(run.y), step + ".y");
    near(doubles(run.dx), step + ".dx");
    for (const ParameterEntry& entry : parameter_table<Net>) {
      if (entry.trainable) near(doubles(std::span<const T>(run.gradient(entry))), step + ".d_" + name(entry));
      else near(statistic(run, entry), step + "." + name(entry));
    }
  }
  run.x.assign(golden.values(family + "_eval.x"));
  run.forward(Evaluation{});
  near(doubles(run.y), family + "_eval.y");
  for (const ParameterEntry& entry : parameter_table<Net>)
    if (!entry.trainable) near(statistic(run, entry), family + "_eval." + name(entry));
  CHECK(run.faults.empty());
}

}  // namespace tenon::test
