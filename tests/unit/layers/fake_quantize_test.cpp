#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <tenon/layers/fake_quantize.hpp>
#include <tenon/layers/fake_quantized.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

}  // namespace

TEST_CASE("activations are rounded as PyTorch rounds them, and gradients pass") {
  const Golden golden{"quantization"};
  for (const std::string name : {"both_signs", "positive"}) {
    INFO(name);
    NetworkRun<Alone<FakeQuantize, 7>, float> run{3};
    run.x.assign(floats(golden.values(name + ".x")));
    run.dy.assign(floats(golden.values(name + ".dy")));
    run.forward(Training{});
    const auto y = golden.values(name + ".y"), dx = golden.values(name + ".dx");
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(run.y.values()[i] == Approx(y[i]).margin(1e-6));
    run.backward();
    for (std::size_t i = 0; i < dx.size(); ++i) CHECK(run.dx.values()[i] == Approx(dx[i]));
    CHECK(run.faults.empty());
    run.forward(Evaluation{});
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(run.y.values()[i] == Approx(y[i]).margin(1e-6));
  }
}

TEST_CASE("the range follows the batches by a hundredth, and nothing passes beyond it") {
  NetworkRun<Alone<FakeQuantize, 2>, float> run{1};
  run.x.assign(std::vector<float>{-1, 1});
  run.forward(Training{});
  CHECK(run.buffers.data()[0] == -1);
  CHECK(run.buffers.data()[alignment] == 1);
  run.x.assign(std::vector<float>{-3, 0.5f});
  run.dy.assign(std::vector<float>{1, 1});
  run.forward(Training{});
  CHECK(run.buffers.data()[0] == Approx(-1.02));
  CHECK(run.buffers.data()[alignment] == Approx(0.995));
  CHECK(run.y.values()[0] == Approx(-1.02).margin(0.005));
  run.backward();
  CHECK(run.dx.values() == std::vector<float>{0, 1});
}

TEST_CASE("weights of four bits are rounded to fifteen numbers, by one scale if asked") {
  const std::vector<float> weight{0.7f, -0.34f, 0.06f, 1.4f, -0.29f, 0.0f};
  const auto rounded = [&]<class L>(const L*) {
    NetworkRun<Alone<FakeQuantized<L>, 3>, float> run{3};
    std::copy(weight.begin(), weight.end(), run.parameters.data());
    run.x.assign(std::vector<float>{1, 0, 0, 0, 1, 0, 0, 0, 1});
    run.forward(Evaluation{});
    return run.y.values();  // the transposed weight
  };
  const auto check = [](const std::vector<float>& y, const std::vector<float>& expected) {
    for (std::size_t i = 0; i < 6; ++i) CHECK(y[i] == Approx(expected[i]).margin(1e-6));
  };
  using Rows = Dense<2, bias<false>, weight_bits<4>>;
  using Whole = Dense<2, bias<false>, weight_bits<4>, per_tensor<true>>;
  check(rounded(static_cast<const Rows*>(nullptr)), {0.7f, 1.4f, -0.3f, -0.2f, 0.1f, 0.0f});
  check(rounded(static_cast<const Whole*>(nullptr)), {0.8f, 1.4f, -0.4f, -0.2f, 0.0f, 0.0f});
}

TEST_CASE("weights are rounded by rows, and learn as if they were not") {
  const Golden golden{"quantization"};
  const auto weight = floats(golden.values("weight.weight")), rounded = floats(golden.values("weight.rounded"));
  NetworkRun<Alone<FakeQuantized<Dense<4>>, 6>, float> aware{2};
  NetworkRun<Alone<Dense<4>, 6>, float> plain{2};
  Stream stream{4};
  std::vector<float> x(12), dy(8), bias(4);
  for (auto* numbers : {&x, &dy, &bias})
    for (float& v : *numbers) v = stream.uniform<float>(-1, 1);
  const auto pass = [&](auto& run, const std::vector<float>& w) {
    std::copy(w.begin(), w.end(), run.parameters.data());
    std::fill(run.parameters.data() + 24, run.parameters.data() + 32, 0.0f);
    std::copy(bias.begin(), bias.end(), run.parameters.data() + 32);
    run.x.assign(x);
    run.dy.assign(dy);
    run.forward(Evaluation{});
    const auto evaluated = run.y.values();
    run.forward(Training{});
    CHECK(run.y.values() == evaluated);
    run.backward();
    CHECK(run.faults.empty());
  };
  pass(aware, weight);
  pass(plain, rounded);
  for (std::size_t i = 0; i < 8; ++i) CHECK(aware.y.values()[i] == Approx(plain.y.values()[i]).margin(1e-5));
  for (std::size_t i = 0; i < 12; ++i) CHECK(aware.dx.values()[i] == Approx(plain.dx.values()[i]).margin(1e-5));
  CHECK(aware.parameter_gradients() == plain.parameter_gradients());
}
