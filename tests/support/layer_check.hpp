#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>

#include "support/golden_check.hpp"
#include "support/gradient_check.hpp"

/// What every layer of the catalogue has to pass.
namespace tenon::test {

/// A layer alone, on samples of this shape.
template <class L, std::size_t... D>
using Alone = Sequential<Input<D...>, L>;

/// A step of a sequence is treated as a sample is: results and gradients are the same.
template <class L, std::size_t Features>
void check_steps() {
  constexpr std::size_t samples = 2, steps = 3;
  NetworkRun<Alone<L, steps, Features>, double> sequences{samples, 2};
  NetworkRun<Alone<L, Features>, double> vectors{samples * steps};
  CAPTURE(type_name<L>());

  Stream stream{3};
  const auto draw = [&](std::size_t count) {
    std::vector<double> numbers(count);
    for (double& number : numbers) number = stream.uniform(-2.0, 2.0);
    return numbers;
  };
  const auto x = draw(samples * steps * Features), dy = draw(vectors.dy.values().size());
  const auto parameters = draw(vectors.layout.trainable_size);
  const auto pass = [&](auto& run) {
    REQUIRE(run.parameters.size() == parameters.size());
    std::copy(parameters.begin(), parameters.end(), run.parameters.data());
    run.x.assign(x);
    run.dy.assign(dy);
    run.forward(Evaluation{});
    const auto evaluated = run.y.values();
    run.forward(Training{});
    CHECK(detail::all_close(evaluated, run.y.values()));
    run.backward();
    CHECK(run.faults.empty());
  };
  pass(sequences);
  pass(vectors);
  CHECK(detail::all_close(sequences.y.values(), vectors.y.values()));
  CHECK(detail::all_close(sequences.dx.values(), vectors.dx.values()));
  CHECK(detail::all_close(sequences.parameter_gradients(), vectors.parameter_gradients()));
}

/// Every golden case of this name: ordinary numbers, which there have to be, extreme ones, and those at kinks.
template <class L, std::size_t Features>
void check_golden_cases(std::string_view family, const std::string& name, GoldenOptions options = {}) {
  const Golden golden{family};
  if (!golden.has(name + ".x"))
    FAIL("tests/golden/" << family << ".safetensors has no " << name << ": a script beside it writes it");
  for (const std::string& of_case : {name, name + "_extreme", name + "_kink"}) {
    if (golden.has(of_case + ".x")) check_golden<Alone<L, Features>>(golden, of_case, options);
  }
}

/// An activation alone, in sequences, and fused with what stands around it.
template <class L, std::size_t Features = 7>
void check_activation(const std::string& name, GoldenOptions options = {}) {
  check_golden_cases<L, Features>("activations", name, options);
  check_gradients<Alone<L, Features>>();
  check_steps<L, Features>();
  check_gradients<Sequential<Dense<3, 4>, L, Dropout<0.3>>>();
}

/// The layer's results for one sample, in evaluation.
template <class L, class T = float>
std::vector<T> results_of(const std::vector<T>& x) {
  constexpr std::size_t features = 4;
  REQUIRE(x.size() == features);
  NetworkRun<Alone<L, features>, T> run{1};
  run.x.assign(x);
  std::fill_n(run.parameters.data(), run.parameters.size(), T(0.25));
  run.forward(Evaluation{});
  return run.y.values();
}

}  // namespace tenon::test
