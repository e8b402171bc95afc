#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/golden.hpp"
#include "support/network_run.hpp"

namespace tenon::test {

/// How far off is right: |got - expected| <= tolerance * (|expected| + floor).
struct GoldenOptions {
  double exact = 1e-12;   // double against the file
  double forward = 1e-6;  // float against double, for the same numbers
  double backward = 1e-5;
  double floor = 0.01;
  std::vector<std::pair<std::string, std::string>> names{};  // ours, the file's
};

namespace detail {

template <class T>
void check_values(const std::vector<T>& got, const std::vector<double>& expected, double tolerance, double floor,
                  const std::string& what) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double value = static_cast<double>(got[i]);
    const double off_by = std::abs(value - expected[i]);
    if (off_by <= tolerance * (std::abs(expected[i]) + floor)) continue;
    INFO(what << "[" << i << "]: got " << value << ", expected " << expected[i]);
    CHECK(off_by <= tolerance * (std::abs(expected[i]) + floor));
  }
}

/// One case of a golden file for one network.
template <class Net>
class GoldenCase {
public:
  GoldenCase(const Golden& golden, std::string_view name, const GoldenOptions& options)
      : golden_{golden}, prefix_{std::string{name} + "."}, options_{options} {}

  bool differentiable() const { return golden_.has(prefix_ + "dy"); }
  std::size_t batch() const { return golden_.values(prefix_ + "x").size() / bound_network<Net>::input::size; }

  /// The case's numbers as T holds them, forward and backward. The result of evaluation is
  /// returned.
  template <class T, class U>
  std::vector<U> run(NetworkRun<Net, U>& run) const {
    const auto rounded = [&](const std::string& name) {
      const std::vector<double> values = golden_.values(prefix_ + name);
      return std::vector<T>(values.begin(), values.end());
    };
    run.x.assign(rounded("x"));
    for (const ParameterEntry& entry : parameter_table<Net>) {
      const std::vector<T> values = rounded(name(entry.name));
      REQUIRE(values.size() == entry.size);
      std::copy(values.begin(), values.end(), run.parameter(entry).begin());
    }
    run.forward(Evaluation{});
    const std::vector<U> evaluated = run.y.values();
    run.forward(Training{});
    if (differentiable()) {
      run.dy.assign(rounded("dy"));
      run.backward();
    }
    CHECK(run.faults.empty());
    return evaluated;
  }

  std::vector<double> values(const std::string& name) const { return golden_.values(prefix_ + name); }

  /// What a parameter of ours is called in the file: as PyTorch's `state_dict` says it, or, for a
  /// layer alone, without the layer's index.
  std::string name(std::string_view ours) const {
    for (const auto& [name, theirs] : options_.names) {
      if (name == ours) return theirs;
    }
    std::string name{ours};
    if (!golden_.has(prefix_ + name) && name.starts_with("0.")) name.erase(0, 2);
    return name;
  }

private:
  const Golden& golden_;
  std::string prefix_;
  const GoldenOptions& options_;
};

}  // namespace detail

/// Forward and backward of a network against a case of tests/golden in double, and in float against
/// double for the same numbers (which a float holds, while those in the file are rounded).
///
///     check_golden<Sequential<Input<7>, ReLU>>(Golden{"activations"}, "relu");
template <class Net>
void check_golden(const Golden& golden, std::string_view name, GoldenOptions options = {}) {
  const detail::GoldenCase<Net> of_case{golden, name, options};
  const std::size_t batch = of_case.batch();
  {
    INFO(name << ", double against the file");
    const auto check = [&](const std::vector<double>& got, const std::string& what) {
      detail::check_values(got, of_case.values(what), options.exact, options.floor, what);
    };
    NetworkRun<Net, double> run{batch};
    check(of_case.template run<double>(run), "y");
    check(run.y.values(), "y");
    if (of_case.differentiable()) {
      check(run.dx.values(), "dx");
      for (const ParameterEntry& entry : parameter_table<Net>) {
        const auto gradient = run.gradient(entry);
        check({gradient.begin(), gradient.end()}, "d_" + of_case.name(entry.name));
      }
    }
  }
  INFO(name << ", float against double");
  NetworkRun<Net, double> wide{batch};
  NetworkRun<Net, float> narrow{batch};
  const auto expected = of_case.template run<float>(wide);
  const auto evaluated = of_case.template run<float>(narrow);
  const double floor = options.floor;
  detail::check_values(evaluated, expected, options.forward, floor, "y in evaluation");
  detail::check_values(narrow.y.values(), wide.y.values(), options.forward, floor, "y");
  if (of_case.differentiable()) {
    detail::check_values(narrow.dx.values(), wide.dx.values(), options.backward, floor, "dx");
    detail::check_values(narrow.parameter_gradients(), wide.parameter_gradients(), options.backward, floor,
                         "gradients of parameters");
  }
}

}  // namespace tenon::test
