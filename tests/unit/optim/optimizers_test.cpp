#include <tenon/model/arena.hpp>
#include <tenon/net/layer.hpp>
#include <tenon/optim/adadelta.hpp>
#include <tenon/optim/adagrad.hpp>
#include <tenon/optim/adam.hpp>
#include <tenon/optim/adamw.hpp>
#include <tenon/optim/asgd.hpp>
#include <tenon/optim/lamb.hpp>
#include <tenon/optim/lion.hpp>
#include <tenon/optim/nadam.hpp>
#include <tenon/optim/radam.hpp>
#include <tenon/optim/rmsprop.hpp>
#include <tenon/optim/sgd.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
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

double setting(const std::string& of_case, const std::string& name) { return golden().value(of_case + "." + name); }

/// An optimizer with the settings that PyTorch's had.
template <class O>
O made_as(const std::string& of_case);
template <>
SGD made_as<SGD>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .momentum = setting(c, "momentum"),
          .dampening = setting(c, "dampening"),
          .weight_decay = setting(c, "weight_decay"),
          .nesterov = setting(c, "nesterov") != 0};
}
template <>
Adam made_as<Adam>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .beta1 = setting(c, "beta1"),
          .beta2 = setting(c, "beta2"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay")};
}
template <>
AdamW made_as<AdamW>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .beta1 = setting(c, "beta1"),
          .beta2 = setting(c, "beta2"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay")};
}
template <>
RMSprop made_as<RMSprop>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .alpha = setting(c, "alpha"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay"),
          .momentum = setting(c, "momentum"),
          .centered = setting(c, "centered") != 0};
}
template <>
Adagrad made_as<Adagrad>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .lr_decay = setting(c, "lr_decay"),
          .weight_decay = setting(c, "weight_decay"),
          .initial_accumulator_value = setting(c, "initial_accumulator_value"),
          .eps = setting(c, "eps")};
}
template <>
Adadelta made_as<Adadelta>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .rho = setting(c, "rho"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay")};
}
template <>
NAdam made_as<NAdam>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .beta1 = setting(c, "beta1"),
          .beta2 = setting(c, "beta2"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay"),
          .momentum_decay = setting(c, "momentum_decay")};
}
template <>
RAdam made_as<RAdam>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .beta1 = setting(c, "beta1"),
          .beta2 = setting(c, "beta2"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay")};
}
template <>
ASGD made_as<ASGD>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .lambd = setting(c, "lambd"),
          .alpha = setting(c, "alpha"),
          .t0 = setting(c, "t0"),
          .weight_decay = setting(c, "weight_decay")};
}
template <>
Lamb made_as<Lamb>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .beta1 = setting(c, "beta1"),
          .beta2 = setting(c, "beta2"),
          .eps = setting(c, "eps"),
          .weight_decay = setting(c, "weight_decay")};
}
template <>
Lion made_as<Lion>(const std::string& c) {
  return {.lr = setting(c, "lr"),
          .beta1 = setting(c, "beta1"),
          .beta2 = setting(c, "beta2"),
          .weight_decay = setting(c, "weight_decay")};
}

/// Numbers that an optimizer has worked on, between others that it has to leave alone.
template <class T, class O>
struct Run {
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
    if constexpr (Optimizer<O>) optimizer.update(arrays, number);
    else optimizer.update_one(arrays, number);
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

template <class T, class O>
void follow(const std::string& of_case) {
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-12;
  const auto gradients = golden().values("given.gradients");
  Run<T, O> run{made_as<O>(of_case), golden().values("given.initial")};
  for (std::size_t step = 1; step <= 100; ++step) {
    run.step(step, std::span(gradients).subspan((step - 1) * run.count, run.count));
    if (step != 1 && step != 10 && step != 100) continue;
    const auto expected = golden().values(of_case + ".after_" + std::to_string(step));
    for (std::size_t i = 0; i < run.count; ++i) {
      INFO(of_case << ", step " << step << ", number " << i << ": " << static_cast<double>(run[i]) << " instead of "
                   << expected[i]);
      CHECK(std::abs(static_cast<double>(run[i]) - expected[i]) <= tolerance * (1 + std::abs(expected[i])));
    }
    if (!golden().has(of_case + ".average_1")) continue;
    const auto average = golden().values(of_case + ".average_" + std::to_string(step));
    for (std::size_t i = 0; i < run.count; ++i)
      CHECK(std::abs(static_cast<double>(run.state[0][run.margin + i]) - average[i]) <=
            tolerance * (1 + std::abs(average[i])));
  }
  CHECK(run.margins_untouched());
}

}  // namespace

TEMPLATE_TEST_CASE("SGD follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case :
       {"sgd", "sgd_weight_decay", "sgd_momentum", "sgd_dampening", "sgd_nesterov", "sgd_nesterov_weight_decay"})
    follow<TestType, SGD>(of_case);
}

TEMPLATE_TEST_CASE("Adam follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"adam", "adam_weight_decay", "adam_betas_eps"}) follow<TestType, Adam>(of_case);
}

TEMPLATE_TEST_CASE("AdamW follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"adamw", "adamw_weight_decay"}) follow<TestType, AdamW>(of_case);
}

TEMPLATE_TEST_CASE("RMSprop follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"rmsprop", "rmsprop_centered", "rmsprop_momentum", "rmsprop_all"})
    follow<TestType, RMSprop>(of_case);
}

TEMPLATE_TEST_CASE("Adagrad follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"adagrad", "adagrad_decay"}) follow<TestType, Adagrad>(of_case);
}

TEMPLATE_TEST_CASE("Adadelta follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"adadelta", "adadelta_weight_decay"}) follow<TestType, Adadelta>(of_case);
}

TEMPLATE_TEST_CASE("NAdam follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"nadam", "nadam_weight_decay"}) follow<TestType, NAdam>(of_case);
}

TEMPLATE_TEST_CASE("RAdam follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"radam", "radam_weight_decay"}) follow<TestType, RAdam>(of_case);
}

TEMPLATE_TEST_CASE("ASGD follows PyTorch for a hundred steps", "", float, double) {
  for (const char* of_case : {"asgd", "asgd_averaging"}) follow<TestType, ASGD>(of_case);
}

TEMPLATE_TEST_CASE("LAMB follows the algorithm of its paper for a hundred steps", "", float, double) {
  for (const char* of_case : {"lamb", "lamb_weight_decay"}) follow<TestType, Lamb>(of_case);
}

TEMPLATE_TEST_CASE("Lion follows the algorithm of its paper for a hundred steps", "", float, double) {
  for (const char* of_case : {"lion", "lion_weight_decay"}) follow<TestType, Lion>(of_case);
}

TEST_CASE("decay of the gradient and decay of the weight differ") {
  // Without gradients to speak of, L2 decay moves a weight by lr whatever its size, because Adam divides
  // by the size of the gradient; decoupled decay shrinks it by the factor 1 - lr w.
  for (const double start : {1.0, 10.0}) {
    Run<double, Adam> coupled{Adam{.lr = 0.1, .weight_decay = 0.5}, {start}};
    Run<double, AdamW> decoupled{AdamW{.lr = 0.1, .weight_decay = 0.5}, {start}};
    const std::array<double, 1> none{0.0};
    coupled.step(1, none);
    decoupled.step(1, none);
    CHECK(coupled[0] == Approx(start - 0.1));
    CHECK(decoupled[0] == Approx(start * (1 - 0.1 * 0.5)));
  }
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
    for (std::uint64_t step = 1; step <= 3; ++step) one.step(step, std::span(gradient).subspan(i, 1));
    CHECK(all[i] == Approx(one[0]).epsilon(1e-6));
  }
}

// So threads, and ranks with optimizer state of their own, change no bit.
TEMPLATE_TEST_CASE("pieces that begin on cache lines are updated as the whole is, bit for bit", "", SGD, Adam, AdamW,
                   NAdam, RAdam, RMSprop, Adagrad, Adadelta, ASGD, Lion) {
  constexpr std::size_t count = 11 * alignment, states = static_cast<std::size_t>(TestType::states);
  const auto train = [](const std::vector<std::size_t>& bounds) {
    std::array<Arena<float>, states + 1> numbers;
    for (auto& n : numbers) n = Arena<float>(count);
    Arena<float> gradients(count);
    for (std::size_t i = 0; i < count; ++i) numbers[states].data()[i] = std::sin(static_cast<float>(i));
    TestType optimizer{};
    optimizer.lr = 0.01;
    for (std::uint64_t step = 1; step <= 3; ++step) {
      for (std::size_t i = 0; i < count; ++i) gradients.data()[i] = std::cos(static_cast<float>(i * step));
      for (std::size_t p = 0; p + 1 < bounds.size(); ++p) {
        const std::size_t first = bounds[p] * alignment;
        OptimizerArrays<float, states> arrays{
            numbers[states].data() + first, gradients.data() + first, {}, (bounds[p + 1] - bounds[p]) * alignment};
        for (std::size_t k = 0; k < states; ++k) arrays.state[k] = numbers[k].data() + first;
        optimizer.update(arrays, step);
      }
    }
    std::vector<std::uint32_t> bits;
    for (const auto& n : numbers)
      for (std::size_t i = 0; i < count; ++i) bits.push_back(std::bit_cast<std::uint32_t>(n.data()[i]));
    return bits;
  };
  const std::vector<std::uint32_t> whole = train({0, 11});
  CHECK(train({0, 5, 11}) == whole);
  CHECK(train({0, 1, 4, 9, 11}) == whole);
}
