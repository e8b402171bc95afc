#include <catch2/catch.hpp>

#include <tenon/edge/quantized_recurrent.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace tenon;
using kernels::Int8Cell;

namespace {

constexpr std::size_t features = 5, hidden = 7, steps = 60;  // odd, so that rows and columns are filled up
constexpr float input_scale = 1.0F / 64;
constexpr int input_zero = -9;

struct Random {
  std::uint32_t state = 7;
  float operator()() {
    state = state * 1664525U + 1013904223U;
    return static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1;
  }
};

struct Layer {
  std::vector<float> wx, wh, bx, bh;
  explicit Layer(std::size_t gates) {
    Random random;
    for (std::size_t i = 0; i < gates * hidden * features; ++i) wx.push_back(random());
    for (std::size_t i = 0; i < gates * hidden * hidden; ++i) wh.push_back(0.6F * random());
    for (std::size_t i = 0; i < gates * hidden; ++i) bx.push_back(0.4F * random()), bh.push_back(0.4F * random());
  }
};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// PyTorch's equations in double.
std::vector<double> reference(Int8Cell cell, const Layer& l, const std::vector<std::int8_t>& x, double& largest_cell) {
  const std::size_t gates = kernels::gates_of(cell);
  std::vector<double> h(hidden), c(hidden), y;
  for (std::size_t t = 0; t < steps; ++t) {
    std::vector<double> a(gates * hidden), b(gates * hidden);
    const auto share_of_state = [&](std::size_t r, const std::vector<double>& from) {
      double sum = static_cast<double>(l.bh[r]);
      for (std::size_t i = 0; i < hidden; ++i) sum += static_cast<double>(l.wh[r * hidden + i]) * from[i];
      return sum;
    };
    for (std::size_t r = 0; r < gates * hidden; ++r) {
      a[r] = static_cast<double>(l.bx[r]);
      for (std::size_t i = 0; i < features; ++i)
        a[r] += static_cast<double>(l.wx[r * features + i]) * static_cast<double>(input_scale) *
                (x[t * features + i] - input_zero);
      b[r] = share_of_state(r, h);
    }
    if (cell == Int8Cell::gru_reset_before) {
      std::vector<double> passed(hidden);
      for (std::size_t i = 0; i < hidden; ++i) passed[i] = logistic(a[i] + b[i]) * h[i];
      for (std::size_t i = 0; i < hidden; ++i) b[2 * hidden + i] = share_of_state(2 * hidden + i, passed);
    }
    for (std::size_t i = 0; i < hidden; ++i) {
      const auto z = [&](std::size_t k) { return a[k * hidden + i] + b[k * hidden + i]; };
      if (cell == Int8Cell::rnn) {
        h[i] = std::tanh(z(0));
      } else if (cell == Int8Cell::lstm) {
        c[i] = logistic(z(1)) * c[i] + logistic(z(0)) * std::tanh(z(2));
        h[i] = logistic(z(3)) * std::tanh(c[i]);
        largest_cell = std::max(largest_cell, std::abs(c[i]));
      } else {
        const double r = cell == Int8Cell::gru ? logistic(z(0)) : 1;
        const double n = std::tanh(a[2 * hidden + i] + r * b[2 * hidden + i]), u = logistic(z(1));
        h[i] = (1 - u) * n + u * h[i];
      }
    }
    y.insert(y.end(), h.begin(), h.end());
  }
  return y;
}

template <Int8Cell Cell>
void check(double worst, double mean) {
  const Layer l(kernels::gates_of(Cell));
  std::vector<std::int8_t> x;
  Random random{11};
  for (std::size_t i = 0; i < steps * features; ++i) x.push_back(static_cast<std::int8_t>(100 * random()));
  double cell = 0;
  const std::vector<double> expected = reference(Cell, l, x, cell);
  double range = 0;
  for (const double y : expected) range = std::max(range, std::abs(y));
  const edge::QuantizedRecurrent<Cell, features, hidden> q(
      l.wx.data(), l.wh.data(), l.bx.data(), l.bh.data(),
      {input_scale, static_cast<float>(range), static_cast<float>(cell), input_zero});
  REQUIRE(q.fits);
  edge::QuantizedRecurrentStep<Cell, features, hidden> layer(q), stepped(q);
  std::vector<std::int8_t> y(steps * hidden), again(y.size());
  layer.run(x, y);
  double largest = 0, sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double error = std::abs(static_cast<double>(q.hidden_scale) * y[i] - expected[i]);
    largest = std::max(largest, error);
    sum += error;
  }
  INFO("largest " << largest << ", mean " << sum / static_cast<double>(y.size()) << ", range " << range);
  CHECK(largest < worst);
  CHECK(sum / static_cast<double>(y.size()) < mean);

  // a sequence is its steps, and begins with zeros
  for (std::size_t t = 0; t < steps; ++t) {
    const auto h = stepped.step(std::span<const std::int8_t>(x).subspan(t * features).first<features>());
    CHECK(std::equal(h.begin(), h.end(), y.begin() + static_cast<std::ptrdiff_t>(t * hidden)));
  }
  layer.run(x, again);
  CHECK(again == y);
}

}  // namespace

TEST_CASE("The tables of sigmoid and tanh are right to a few steps of 16 bits", "[edge]") {
  for (int x = -32768; x <= 32767; x += 7) {
    const double real = x / 4096.0;
    CHECK(std::abs(edge::sigmoid_curve(x) / 32768.0 - logistic(real)) < 1e-4);
    CHECK(std::abs(edge::tanh_curve(x) / 32768.0 - std::tanh(real)) < 5e-4);
  }
}

TEST_CASE("Recurrent cells in int8 stay near the float layer over a whole sequence", "[edge]") {
  check<Int8Cell::lstm>(0.02, 0.005);
  check<Int8Cell::gru>(0.02, 0.005);
  check<Int8Cell::gru_reset_before>(0.02, 0.005);
  check<Int8Cell::rnn>(0.03, 0.006);
}

TEST_CASE("The compiler runs a cell in int8 as the machine does", "[edge]") {
  static constexpr float w[]{0.5F, -0.25F, 0.75F, 0.5F, 1.0F, -0.5F}, b[]{0.1F, 0.0F, -0.1F};
  static constexpr edge::QuantizedRecurrent<Int8Cell::gru, 2, 1> q(w, w + 3, b, nullptr, {1.0F / 64, 1, 1, 0});
  static constexpr std::int8_t x[]{64, -32};
  constexpr auto run = [](const std::int8_t* from) {
    edge::QuantizedRecurrentStep<Int8Cell::gru, 2, 1> layer(q);
    layer.step(std::span<const std::int8_t, 2>(from, 2));
    return layer.step(std::span<const std::int8_t, 2>(from, 2))[0];
  };
  constexpr std::int8_t known = run(x);
  const std::vector<std::int8_t> now(x, x + 2);
  CHECK(known == run(now.data()));
  CHECK(known != 0);
}
