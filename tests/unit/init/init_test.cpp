#include <tenon/tenon.hpp>

#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

using namespace tenon;

namespace {

/// 200 x 500 numbers: fan_in 500, fan_out 200.
template <Initializer I>
std::vector<double> drawn(std::uint64_t seed = 1, std::size_t rows = 200, std::size_t columns = 500) {
  ParameterSpec spec{.name = "weight", .dims = {rows, columns}, .rank = 2, .fan_in = columns, .fan_out = rows};
  std::vector<double> values(rows * columns, 99.0);
  Stream stream(seed, Purpose::initial_weights);
  I::fill(std::span(values), spec, stream);
  return values;
}

struct Moments {
  double mean = 0, variance = 0, low = 0, high = 0;
  explicit Moments(const std::vector<double>& v) : low(v[0]), high(v[0]) {
    for (const double x : v)
      mean += x / static_cast<double>(v.size()), low = std::min(low, x), high = std::max(high, x);
    for (const double x : v) variance += (x - mean) * (x - mean) / static_cast<double>(v.size());
  }
};

/// 100,000 draws: the mean is within 5 of its standard errors, the variance within 2 %.
void check_moments(const std::vector<double>& values, double mean, double variance) {
  const Moments m(values);
  CHECK(std::abs(m.mean - mean) < 5 * std::sqrt(variance / static_cast<double>(values.size())));
  CHECK(m.variance == Approx(variance).epsilon(0.02));
}
void check_uniform(const std::vector<double>& values, double low, double high) {
  check_moments(values, (low + high) / 2, (high - low) * (high - low) / 12);
  const Moments m(values);
  CHECK(m.low >= low);
  CHECK(m.high < high);
  CHECK(m.low < low + 0.001 * (high - low));
  CHECK(m.high > high - 0.001 * (high - low));
}
double share_within(const std::vector<double>& values, double bound) {
  return static_cast<double>(
             std::count_if(values.begin(), values.end(), [bound](double v) { return std::abs(v) < bound; })) /
         static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("constants") {
  CHECK(drawn<Zeros>() == std::vector<double>(100000, 0.0));
  CHECK(drawn<Ones>() == std::vector<double>(100000, 1.0));
  CHECK(drawn<Constant<-0.25>>() == std::vector<double>(100000, -0.25));
}

TEST_CASE("distributions have the mean, the variance and the bounds that they should") {
  check_uniform(drawn<Uniform<>>(), 0, 1);
  check_uniform(drawn<Uniform<-2, 3.5>>(), -2, 3.5);
  check_moments(drawn<Normal<>>(), 0, 1);
  check_moments(drawn<Normal<1.5, 0.1>>(), 1.5, 0.01);
  CHECK(share_within(drawn<Normal<>>(), 1) == Approx(0.6827).margin(0.01));
  // a normal distribution cut at two deviations: variance 1 - 4 phi(2) / (2 Phi(2) - 1)
  const auto cut = drawn<TruncatedNormal<>>();
  check_moments(cut, 0, 0.7737);
  CHECK(share_within(cut, 2.0000001) == 1);
  check_uniform(drawn<LinearDefault>(), -1 / std::sqrt(500), 1 / std::sqrt(500));
}

TEST_CASE("scaled initialisers go by fan and gain") {
  STATIC_REQUIRE(std::is_same_v<GlorotUniform<gain::tanh>, XavierUniform<gain::tanh>>);
  STATIC_REQUIRE(std::is_same_v<GlorotNormal<>, XavierNormal<>>);
  check_uniform(drawn<XavierUniform<>>(), -std::sqrt(6.0 / 700), std::sqrt(6.0 / 700));
  check_moments(drawn<XavierNormal<>>(), 0, 2.0 / 700);
  // PyTorch: a = gain sqrt(3) std and std = gain sqrt(2 / (fan_in + fan_out)), with calculate_gain('tanh') = 5 / 3
  const double deviation = 5.0 / 3 * std::sqrt(2.0 / 700);
  check_uniform(drawn<XavierUniform<gain::tanh>>(), -std::sqrt(3.0) * deviation, std::sqrt(3.0) * deviation);
  check_moments(drawn<XavierNormal<gain::tanh>>(), 0, deviation * deviation);
  check_moments(drawn<XavierNormal<2>>(), 0, 8.0 / 700);
  for (const auto& v : {drawn<HeUniform>(), drawn<KaimingUniform<>>()})
    check_uniform(v, -std::sqrt(6.0 / 500), std::sqrt(6.0 / 500));
  for (const auto& v : {drawn<HeNormal>(), drawn<KaimingNormal<>>()}) check_moments(v, 0, 2.0 / 500);
  check_uniform(drawn<KaimingUniform<Fan::out>>(), -std::sqrt(6.0 / 200), std::sqrt(6.0 / 200));
  check_moments(drawn<KaimingNormal<Fan::out, gain::linear>>(), 0, 1.0 / 200);
  // PyTorch: calculate_gain('leaky_relu', a)
  CHECK(gain::leaky_relu<> == Approx(1.4141428569978354).epsilon(1e-14));
  CHECK(gain::leaky_relu<0.2> == Approx(1.3867504905630728).epsilon(1e-14));
  CHECK(gain::leaky_relu<0> == gain::relu);
  check_moments(drawn<KaimingNormal<Fan::in, gain::leaky_relu<0.5>>>(), 0, 1.6 / 500);
  check_uniform(drawn<LeCunUniform>(), -std::sqrt(3.0 / 500), std::sqrt(3.0 / 500));
  check_moments(drawn<LeCunNormal>(), 0, 1.0 / 500);
}

TEST_CASE("an orthogonal matrix is one, whichever way it is longer") {
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{30, 50}, {50, 30}, {40, 40}}) {
    const auto w = drawn<Orthogonal<1.5>>(3, rows, columns);
    const bool wide = rows <= columns;
    const std::size_t n = wide ? rows : columns, length = wide ? columns : rows;
    const auto at = [&, c = columns](std::size_t v, std::size_t i) { return wide ? w[v * c + i] : w[i * c + v]; };
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b) {
        double product = 0;
        for (std::size_t i = 0; i < length; ++i) product += at(a, i) * at(b, i);
        CHECK(std::abs(product - (a == b ? 2.25 : 0)) < 1e-12);
      }
  }
}

TEST_CASE("a sparse matrix has as many zeros in every column") {
  const auto w = drawn<Sparse<0.333, 2>>();
  for (std::size_t column = 0; column < 500; ++column) {
    std::size_t zeros = 0;
    for (std::size_t row = 0; row < 200; ++row) zeros += w[row * 500 + column] == 0 ? 1 : 0;
    CHECK(zeros == 67);
  }
  std::vector<double> rest;
  std::copy_if(w.begin(), w.end(), std::back_inserter(rest), [](double v) { return v != 0; });
  check_moments(rest, 0, 4);
}

TEST_CASE("the same seed draws the same") {
  CHECK(drawn<TruncatedNormal<>>(7) == drawn<TruncatedNormal<>>(7));
  CHECK(drawn<Orthogonal<>>(7, 20, 20) == drawn<Orthogonal<>>(7, 20, 20));
  CHECK(drawn<Sparse<0.5>>(7) == drawn<Sparse<0.5>>(7));
  CHECK(drawn<Sparse<0.5>>(7) != drawn<Sparse<0.5>>(8));
}

TEST_CASE("layers choose, and count their fans as PyTorch does") {
  using Net = Sequential<Input<6, 9, 9>, Conv2D<8, 3, groups<2>, init<KaimingNormal<>>, bias_init<Zeros>>,
                         ConvTranspose2D<4, 3, init<Orthogonal<>>>, Flatten,
                         Dense<7, init<Sparse<0.5>>, bias_init<Constant<0.5>>>>;
  std::vector<std::string> seen;
  visit_parameters<Net>([&]<class I>(const ParameterEntry& entry, I) {
    seen.push_back(std::string(entry.name));
    if (entry.name == "0.weight") {
      CHECK(std::is_same_v<I, KaimingNormal<>>);
      CHECK(entry.fan_in == 3 * 9);
      CHECK(entry.fan_out == 8 * 9);
    } else if (entry.name == "0.bias") {
      CHECK(std::is_same_v<I, Zeros>);
    } else if (entry.name == "1.weight") {
      CHECK(std::is_same_v<I, Orthogonal<>>);
      CHECK(entry.fan_in == 4 * 9);  // of a (8, 4, 3, 3) tensor
      CHECK(entry.fan_out == 8 * 9);
    } else if (entry.name == "1.bias") {
      CHECK(std::is_same_v<I, LinearDefault>);
    }
  });
  CHECK(seen.size() == 6);
  Model<Net> model{1};
  CHECK(model.get<"3.bias">()(4) == 0.5F);
  CHECK(model.get<"0.bias">()(7) == 0);
  CHECK(sparsity<by_name<"3.weight">>(model, 0) >= 0.5);
}

TEST_CASE("zeros keep hidden units alike for ever") {
  const auto distinct_units = [](auto model) {
    fit(model, digits().take(300), Fit{.optimizer = SGD{.lr = 0.5}, .epochs = 5, .progress = Progress::Mode::quiet});
    const auto w = model.template get<"0.weight">();
    double largest = 0;
    for (std::size_t unit = 1; unit < 16; ++unit)
      for (std::size_t i = 0; i < 64; ++i)
        largest = std::max(largest, std::abs(static_cast<double>(w(unit, i) - w(0, i))));
    return largest;
  };
  // The same constant in every unit: all of them learn, and learn the same.
  using Same = Sequential<Dense<64, 16, init<Constant<0.01>>, bias_init<Zeros>>, Tanh,
                          Dense<10, init<Constant<0.01>>, bias_init<Zeros>>, Softmax>;
  using Nothing = Sequential<Dense<64, 16, init<Zeros>, bias_init<Zeros>>, Tanh,
                             Dense<10, init<Zeros>, bias_init<Zeros>>, Softmax>;
  using Drawn = Sequential<Dense<64, 16>, Tanh, Dense<10>, Softmax>;
  CHECK(distinct_units(Model<Same>{1}) < 1e-6);
  CHECK(distinct_units(Model<Nothing>{1}) == 0);
  CHECK(distinct_units(Model<Drawn>{1}) > 0.1);
}

namespace {

/// The mean square of what thirty layers make of normal numbers, beside that of the numbers.
template <class Layer, class Activation>
double kept_through_thirty() {
  using Deep = Sequential<Input<256>, Repeat<30, Sequential<Layer, Activation>>>;
  const Model<Deep> model{1};
  Stream stream(2);
  std::vector<float> x(20 * 256), y(20 * 256);
  for (float& v : x) v = stream.normal<float>();
  model.predict(x, y);
  double squares = 0;
  for (const float v : y) squares += static_cast<double>(v) * static_cast<double>(v);
  return squares / static_cast<double>(y.size());
}

}  // namespace

TEST_CASE("the right initialiser keeps the size of signals through thirty layers, the wrong one loses it") {
  using Kaiming = Dense<256, init<KaimingNormal<>>, bias_init<Zeros>>;
  using Xavier = Dense<256, init<XavierNormal<>>, bias_init<Zeros>>;
  using Large = Dense<256, init<Normal<0, 0.2>>, bias_init<Zeros>>;
  // E[relu(z)^2] = 1/2 for z ~ N(0, 1), times the gain's square, 2
  const double right = kept_through_thirty<Kaiming, ReLU>();
  CHECK(right > 0.2);
  CHECK(right < 5);
  CHECK(kept_through_thirty<Xavier, ReLU>() < 1e-6);  // halved in every layer
  CHECK(kept_through_thirty<Large, ReLU>() > 1e6);
  const double linear = kept_through_thirty<Xavier, Identity>();
  CHECK(linear > 0.2);
  CHECK(linear < 5);
  CHECK(kept_through_thirty<Dense<256, init<Orthogonal<>>, bias_init<Zeros>>, Identity>() == Approx(1).epsilon(0.05));
  CHECK(kept_through_thirty<Dense<256, bias_init<Zeros>>, Tanh>() < 1e-9);  // PyTorch's default: a third a layer
  CHECK(kept_through_thirty<Dense<256, init<XavierNormal<gain::tanh>>, bias_init<Zeros>>, Tanh>() > 0.1);
}
