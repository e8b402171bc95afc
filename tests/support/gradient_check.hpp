#pragma once

#include <catch2/catch.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "support/network_run.hpp"

/// The gradient check of the whole project: what backward says against central differences, in
/// double. `check_gradients<Net>()` takes any layer, composition or network that knows its input;
/// whatever else has a gradient (a loss) is given to `compare_gradient`.
namespace tenon::test {

struct GradientOptions {
  double low = -2;  // inputs are drawn from here to there; both inside the formula's domain
  double high = 2;
  double tolerance = 1e-6;
  std::uint64_t seed = 1;
  bool tokens = false;  // inputs are whole numbers below `high`: no gradient reaches them
};

/// Differences of a function by each of its variables. A point where the function has a kink says
/// nothing about the gradient: it makes `kink` true and is no fault.
struct GradientComparison {
  double tolerance = 1e-6;
  bool kink = false;
  std::vector<std::string> faults{};

  template <class Objective>
  void compare(Objective&& objective, double& variable, double gradient, const std::string& name) {
    const double kept = variable, step = 1e-5 * std::max(1.0, std::abs(kept));
    const auto at = [&](double value) {
      variable = value;
      const double result = objective();
      variable = kept;
      return result;
    };
    const double above = at(kept + step), below = at(kept - step);
    const double slope = (above - below) / (2 * step);
    const double scale = 1 + std::abs(slope);
    if (std::abs(gradient - slope) <= tolerance * scale) return;  // false for NaN
    const double middle = at(kept);
    const double jump = ((above - middle) - (middle - below)) / step;
    if (std::abs(jump) > 1e-3 * scale) {
      kink = true;
      return;
    }
    std::ostringstream text;
    text.precision(10);
    text << name << ": backward says " << gradient << ", differences say " << slope;
    faults.push_back(text.str());
  }
};

/// `gradient` against the differences of `objective()` by each of `variables`.
template <class Objective>
void compare_gradient(GradientComparison& comparison, Objective&& objective, std::span<double> variables,
                      std::span<const double> gradient, const std::string& name) {
  for (std::size_t i = 0; i < variables.size(); ++i) {
    comparison.compare(objective, variables[i], gradient[i], name + "[" + std::to_string(i) + "]");
  }
}

namespace detail {

inline bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * (1 + std::abs(a) + std::abs(b)); }
/// Whether `got` is `factor` times `expected`.
inline bool all_close(const std::vector<double>& got, const std::vector<double>& expected, double factor = 1) {
  if (got.size() != expected.size()) return false;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!close(got[i], factor * expected[i])) return false;
  }
  return true;
}

template <class Net>
void draw(NetworkRun<Net, double>& run, const GradientOptions& options, std::uint64_t seed) {
  Stream stream{seed};
  for (const ParameterEntry& entry : parameter_table<Net>) {
    if (!entry.trainable) continue;
    for (double& value : run.parameter(entry)) value = stream.uniform(-1.0, 1.0);
  }
  for (std::size_t s = 0; s < run.batch; ++s) {
    for (std::size_t i = 0; i < run.x.length(); ++i)
      run.x(s, i) = options.tokens ? std::floor(stream.uniform(options.low, options.high))
                                   : stream.uniform(options.low, options.high);
    for (std::size_t i = 0; i < run.dy.length(); ++i) run.dy(s, i) = stream.uniform(-1.0, 1.0);
  }
}

/// What backward gives, and what it must give however it is called.
template <class Net>
struct Gradients {
  std::vector<double> dx, parameters;

  Gradients(NetworkRun<Net, double>& run, const std::string& where) {
    const auto demand = [&](bool good, const char* what) {
      if (!good) run.faults.push_back(where + ": " + what);
    };
    const auto pass = [&](bool overwrite, bool with_dx) {
      run.forward(Training{});
      run.context.overwrite_gradients = overwrite;
      if (overwrite) run.gradients.spoil();
      run.backward(with_dx);
    };
    pass(true, true);
    dx = run.dx.values();
    parameters = run.parameter_gradients();
    pass(false, true);
    demand(all_close(run.parameter_gradients(), parameters, 2),
           "a second backward does not add the same gradients again");
    demand(all_close(run.dx.values(), dx), "dx depends on the gradients that are there");
    pass(true, false);
    demand(all_close(run.parameter_gradients(), parameters), "without dx, other gradients of the parameters");
  }
};

template <class Net>
void compare_with_differences(NetworkRun<Net, double>& run, const Gradients<Net>& gradients,
                              GradientComparison& comparison, bool tokens) {
  const auto objective = [&] {
    run.forward(Training{});
    double sum = 0;
    for (std::size_t s = 0; s < run.batch; ++s) {
      for (std::size_t i = 0; i < run.y.length(); ++i) sum += run.dy(s, i) * run.y(s, i);
    }
    return sum;
  };
  const std::size_t length = run.x.length();
  for (std::size_t s = 0; s < run.batch; ++s) {
    const std::span dx = std::span{gradients.dx}.subspan(s * length, length);
    if (tokens) {
      for (const double slope : dx)
        if (slope != 0) run.faults.push_back("a token has a gradient");
      continue;
    }
    compare_gradient(comparison, objective, {&run.x(s, 0), length}, dx,
                     "dx of sample " + std::to_string(s) + " of " + std::to_string(run.batch));
  }
  std::size_t at = 0;
  for (const ParameterEntry& entry : parameter_table<Net>) {
    if (!entry.trainable) continue;
    compare_gradient(comparison, objective, run.parameter(entry),
                     std::span{gradients.parameters}.subspan(at, entry.size), std::string{entry.name});
    at += entry.size;
  }
}

/// One attempt with the numbers that `seed` gives.
template <class Net>
GradientComparison try_gradients(const GradientOptions& options, std::size_t batch, std::uint64_t seed) {
  GradientComparison comparison{options.tolerance};
  NetworkRun<Net, double> run{batch};
  draw(run, options, seed);
  const Gradients<Net> gradients{run, "rows side by side"};
  compare_with_differences(run, gradients, comparison, options.tokens);

  NetworkRun<Net, double> apart{batch, 3};
  draw(apart, options, seed);
  const Gradients<Net> same{apart, "rows apart"};
  const auto demand = [&](bool good, const char* what) {
    if (!good) comparison.faults.push_back(what);
  };
  demand(all_close(same.dx, gradients.dx), "dx depends on the distance of rows");
  demand(all_close(same.parameters, gradients.parameters), "gradients of parameters depend on the distance of rows");

  run.forward(Training{});
  apart.forward(Training{});
  demand(all_close(apart.y.values(), run.y.values()), "y depends on the distance of rows");
  apart.forward(Evaluation{});
  const std::vector<double> evaluated = apart.y.values();
  demand(all_close(evaluated, evaluated), "evaluation gives NaN");
  constexpr Layout layout = NetworkRun<Net, double>::layout;
  if constexpr (layout.needs.streams == 0 && layout.buffer_size == 0) {
    demand(all_close(evaluated, run.y.values()), "evaluation gives something else than training");
  }
  for (const auto* faults : {&run.faults, &apart.faults}) {
    comparison.faults.insert(comparison.faults.end(), faults->begin(), faults->end());
  }
  return comparison;
}

}  // namespace detail

/// Everything that is wrong with the gradients of a network; nothing where all is well.
template <class Net>
std::vector<std::string> gradient_faults(GradientOptions options = {}) {
  std::vector<std::string> faults;
  for (const std::size_t batch : {std::size_t{1}, std::size_t{3}}) {
    constexpr int attempts = 8;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      const GradientComparison comparison = detail::try_gradients<Net>(
          options, batch, options.seed + static_cast<std::uint64_t>(attempt));
      faults.insert(faults.end(), comparison.faults.begin(), comparison.faults.end());
      if (!comparison.kink || !comparison.faults.empty()) break;
      if (attempt + 1 == attempts) faults.push_back("every attempt met a kink");
    }
  }
  return faults;
}

/// Backward against central differences, for batches of 1 and 3; with rows side by side and apart;
/// gradients overwritten and added to; with dx and without. All memory holds NaN before each pass
/// and has guards around it, and random masks are the same in every pass.
///
///     check_gradients<Sequential<Input<4>, GELU>>();
template <class Net>
void check_gradients(GradientOptions options = {}) {
  CAPTURE(type_name<Net>());
  for (const std::string& fault : gradient_faults<Net>(options)) {
    INFO(fault);
    CHECK(fault.empty());
  }
  SUCCEED();
}

}  // namespace tenon::test
