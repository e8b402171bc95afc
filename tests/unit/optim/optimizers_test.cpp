#include <tenon/optim/adam.hpp>
#include <tenon/optim/sgd.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/golden.hpp"

using namespace tenon;

namespace {

const test::Golden& golden() {
  static const test::Golden values{"optimizers"};
  return values;
}

double setting(const std::string& of_case, const std::string& name) {
  return golden().value(of_case + "." + name);
}

/// An optimizer with the settings that PyTorch's had.
template <class O> O made_as(const std::string& of_case);
template <> SGD made_as<SGD>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .momentum = setting(c, "momentum"),
          .dampening = setting(c, "dampening"),
          .weight_decay = setting(c, "weight_decay"),
          .nesterov = setting(c, "nesterov") != 0};
}
template <> Adam made_as<Adam>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .beta1 = setting(c, "beta1"),
          .beta2 = setting(c, "beta2"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay")};
}

/// Numbers that an optimizer has worked on, between others that it has to leave alone.
template <class T, class O> struct Run {
  static constexpr std::size_t states = static_cast<std::size_t>(O::states), margin = 3;
  O optimizer;
  std::size_t count;
  std::vector<T> parameters;
  std::array<std::vector<T>, states> state;

  Run(O optimizer_, const std::vector<double>& initial)
      : optimizer(optimizer_), count(initial.size()), parameters(padded(initial)) {
    for (auto& s : state) s = padded(std::vector<double>(count, 0.0));
  }
  void step(std::uint64_t number, std::span<const double> gradient) {
    std::vector<T> g(gradient.begin(), gradient.end());
    OptimizerArrays<T, states> arrays{parameters.data() + margin, g.data(), {}, count};
    for (std::size_t k = 0; k < states; ++k) arrays.state[k] = state[k].data() + margin;
    optimizer.update(arrays, number);
  }
  T operator[](std::size_t i) const { return parameters[margin + i]; }
  bool margins_untouched() const {
    const auto good = [&](const std::vector<T>& v) {
      for (std::size_t i = 0; i < margin; ++i)
        if (v[i] != T(77) || v[v.size() - 1 - i] != T(77)) return false;
      return true;
    };
    bool all = good(parameters);
    for (const auto& s : state) all = all && good(s);
    return all;
  }

private:
  static std::vector<T> padded(const std::vector<double>& values) {
    std::vector<T> all(values.size() + 2 * margin, T(77));
    for (std::size_t i = 0; i < values.size(); ++i) all[margin + i] = static_cast<T>(values[i]);
    return all;
  }
};

template <class T, class O> void follow(const std::string& of_case) {
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-12;
  const auto gradients = golden().values("given.gradients");
  Run<T, O> run{made_as<O>(of_case), golden().values("given.initial")};
  for (std::size_t step = 1; step <= 100; ++step) {
    run.step(step, std::span(gradients).subspan((step - 1) * run.count, run.count));
    if (step != 1 && step != 10 && step != 100) continue;
    const auto expected = golden().values(of_case + ".after_" + std::to_string(step));
    for (std::size_t i = 0; i < run.count; ++i) {
      INFO(of_case << ", step " << step << ", number " << i << ": " << static_cast<double>(run[i])
                   << " instead of " << expected[i]);
      CHECK(std::abs(static_cast<double>(run[i]) - expected[i]) <=
            tolerance * (1 + std::abs(expected[i])));
    }
  }
  CHECK(run.margins_untouched());
}

}  // namespace

TEMPLATE_TEST_CASE("SGD follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"sgd", "sgd_weight_decay", "sgd_momentum", "sgd_dampening",
                              "sgd_nesterov", "sgd_nesterov_weight_decay"})
    follow<TestType, SGD>(of_case);
}

TEMPLATE_TEST_CASE("Adam follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"adam", "adam_weight_decay", "adam_betas_eps"})
    follow<TestType, Adam>(of_case);
}

TEST_CASE("the defaults are PyTorch's") {
  CHECK(Adam{}.lr == 1e-3);
  CHECK(Adam{}.beta1 == setting("adam", "beta1"));
  CHECK(Adam{}.beta2 == setting("adam", "beta2"));
  CHECK(Adam{}.eps == setting("adam", "eps"));
  CHECK(Adam{}.weight_decay == 0);
  CHECK(SGD{}.momentum == 0);
  CHECK(SGD{}.dampening == 0);
  CHECK_FALSE(SGD{}.nesterov);
}

TEST_CASE("one long array is updated like many short ones") {
  // Whatever the vector width, the rest of a loop computes what its body does.
  constexpr std::size_t count = 131;
  std::vector<double> initial(count), gradient(count);
  for (std::size_t i = 0; i < count; ++i) {
    initial[i] = std::sin(static_cast<double>(i));
    gradient[i] = std::cos(3.0 * static_cast<double>(i));
  }
  Run<float, Adam> all{Adam{.lr = 0.1, .weight_decay = 0.01}, initial};
  for (std::uint64_t step = 1; step <= 3; ++step) all.step(step, gradient);
  for (std::size_t i = 0; i < count; ++i) {
    Run<float, Adam> one{Adam{.lr = 0.1, .weight_decay = 0.01}, {initial[i]}};
    for (std::uint64_t step = 1; step <= 3; ++step)
      one.step(step, std::span(gradient).subspan(i, 1));
    CHECK(all[i] == Approx(one[0]).epsilon(1e-6));
  }
}
