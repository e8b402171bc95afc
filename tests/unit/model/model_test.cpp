#include <tenon/model/model.hpp>

#include <array>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/reshape.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/model/tensor_tools.hpp>
#include <tenon/net/networks.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

namespace {

using Net = Sequential<Dense<4, 5>, ReLU, Dropout<0.5>, Dense<3>, Softmax>;
using ImageNet = Sequential<Input<2, 3, 2>, Flatten, Dense<6>, Tanh, Reshape<3, 2>>;

template <class T, std::size_t Rank>
xt::xtensor<T, Rank> numbers(std::array<std::size_t, Rank> shape, std::uint64_t seed = 1) {
  xt::xtensor<T, Rank> tensor(shape);
  Stream stream{seed};
  for (T& v : tensor) v = static_cast<T>(stream.uniform(-1.0, 1.0));
  return tensor;
}

template <class M>
std::map<std::string, std::vector<typename M::scalar>> parameters_of(const M& model) {
  std::map<std::string, std::vector<typename M::scalar>> all;
  model.for_each_parameter(
      [&](std::string_view name, auto values) { all[std::string(name)].assign(values.begin(), values.end()); });
  return all;
}

/// Softmax(W2 relu(W1 x + b1) + b2) by the definition.
template <class T>
std::vector<double> by_hand(const Model<Net, T>& model, const T* x) {
  const auto w1 = model.template get<"0.weight">();
  const auto b1 = model.template get<"0.bias">();
  const auto w2 = model.template get<"3.weight">();
  const auto b2 = model.template get<"3.bias">();
  std::vector<double> hidden(5), y(3);
  for (std::size_t o = 0; o < 5; ++o) {
    hidden[o] = static_cast<double>(b1(o));
    for (std::size_t i = 0; i < 4; ++i) hidden[o] += static_cast<double>(w1(o, i)) * static_cast<double>(x[i]);
    hidden[o] = std::max(hidden[o], 0.0);
  }
  double sum = 0;
  for (std::size_t o = 0; o < 3; ++o) {
    double logit = static_cast<double>(b2(o));
    for (std::size_t i = 0; i < 5; ++i) logit += static_cast<double>(w2(o, i)) * hidden[i];
    sum += y[o] = std::exp(logit);
  }
  for (double& p : y) p /= sum;
  return y;
}

}  // namespace

TEMPLATE_TEST_CASE("a model computes its network", "", float, double) {
  const Model<Net, TestType> model{7};
  const double tolerance = std::is_same_v<TestType, float> ? 1e-6 : 1e-14;
  const auto batch = numbers<TestType, 2>({9, 4});

  const auto y = model(batch);
  static_assert(std::is_same_v<std::decay_t<decltype(y)>, xt::xtensor<TestType, 2>>);
  REQUIRE(y.shape() == std::array<std::size_t, 2>{9, 3});
  for (std::size_t s = 0; s < 9; ++s) {
    const auto expected = by_hand(model, &batch(s, 0));
    for (std::size_t c = 0; c < 3; ++c) CHECK(std::abs(static_cast<double>(y(s, c)) - expected[c]) < tolerance);
  }
  CHECK((model.predict(batch) == y));
}

TEST_CASE("one sample, a batch, flattened rows, views and expressions") {
  const Model<ImageNet> model{3};
  const auto batch = numbers<float, 4>({5, 2, 3, 2});
  const auto y = model(batch);
  static_assert(std::is_same_v<std::decay_t<decltype(y)>, xt::xtensor<float, 3>>);
  REQUIRE(y.shape() == std::array<std::size_t, 3>{5, 3, 2});

  for (std::size_t s = 0; s < 5; ++s) {
    const auto expected = xt::xtensor<float, 2>(xt::view(y, s));
    const xt::xtensor<float, 3> sample = xt::view(batch, s);
    const auto alone = model(sample);
    static_assert(std::is_same_v<std::decay_t<decltype(alone)>, xt::xtensor<float, 2>>);
    CHECK((alone == expected));
    CHECK((model(xt::view(batch, s)) == expected));  // its first number is not the tensor's
  }

  const auto rows = xt::adapt(batch.data(), batch.size(), xt::no_ownership(), std::array<std::size_t, 2>{5, 12});
  CHECK((model(rows) == y));
  CHECK((model(xt::view(batch, xt::range(2, 5))) == xt::xtensor<float, 3>(xt::view(y, xt::range(2, 5)))));
  CHECK((model(xt::view(batch, xt::range(0, 5, 2))) == xt::xtensor<float, 3>(xt::view(y, xt::range(0, 5, 2)))));

  const xt::xtensor<float, 4> twice = 2.0f * batch;
  CHECK((model(2.0f * batch) == model(twice)));
  const xt::xtensor<double, 4> wide = batch;
  CHECK((model(wide) == y));
  const xt::xtensor<float, 4, xt::layout_type::column_major> columns = batch;
  CHECK((model(columns) == y));

  CHECK(model(xt::xtensor<float, 4>(std::array<std::size_t, 4>{0, 2, 3, 2})).shape() ==
        std::array<std::size_t, 3>{0, 3, 2});
}

TEST_CASE("samples of another shape are refused") {
  const Model<ImageNet> model;
  CHECK_THROWS_WITH(model(xt::xtensor<float, 4>(std::array<std::size_t, 4>{5, 3, 2, 2})),
                    "model: expected samples of shape (2, 3, 2), got a tensor of shape (5, 3, 2, 2)");
  CHECK_THROWS_AS(model(xt::xtensor<float, 3>(std::array<std::size_t, 3>{2, 3, 3})), Error);
  CHECK_THROWS_AS(model(xt::xtensor<float, 2>(std::array<std::size_t, 2>{5, 11})), Error);

  const Model<Net> dense;
  std::vector<float> x(8), y(6);
  CHECK_NOTHROW(dense.predict(x, y));
  CHECK_THROWS_WITH(dense.predict(std::span<const float>(x).first(7), y),
                    "predict: expected whole samples of 4 numbers and room for 3 each, got 7 and 6");
  CHECK_THROWS_AS(dense.predict(x, std::span<float>(y).first(5)), Error);
}

TEST_CASE("spans, in pieces of any size, give what a batch gives") {
  const Model<Net> model{5};
  const std::size_t count = 2 * prediction_chunk + 7;
  const auto batch = numbers<float, 2>({count, 4});
  const auto y = model(batch);
  std::vector<float> result(3 * count);
  model.predict(std::span<const float>(batch.data(), batch.size()), result);
  CHECK(std::equal(result.begin(), result.end(), y.begin()));
  for (const std::size_t s : {std::size_t{0}, prediction_chunk - 1, prediction_chunk, count - 1}) {
    const auto expected = by_hand(model, &batch(s, 0));
    for (std::size_t c = 0; c < 3; ++c) CHECK(y(s, c) == Approx(expected[c]).margin(1e-6));
  }
  CHECK_NOTHROW(model.predict(std::span<const float>(), std::span<float>()));
}

TEST_CASE("parameters have names and PyTorch's shapes, and can be written") {
  Model<Net> model{1};
  auto weight = model.get<"0.weight">();
  REQUIRE(weight.dimension() == 2);
  CHECK(weight.shape()[0] == 5);
  CHECK(weight.shape()[1] == 4);
  CHECK(model.get<"3.bias">().shape()[0] == 3);
  static_assert(std::is_same_v<decltype(weight(0, 0)), float&>);
  static_assert(std::is_same_v<decltype(std::as_const(model).get<"0.weight">()(0, 0)), const float&>);

  const auto x = numbers<float, 2>({2, 4});
  const auto before = model(x);
  weight(4, 3) = 100;
  model.get<"0.bias">().fill(-1);
  CHECK(std::as_const(model).get<"0.weight">()(4, 3) == 100);
  CHECK(parameters_of(model)["0.weight"].back() == 100);
  CHECK(parameters_of(model)["0.bias"] == std::vector<float>(5, -1));
  CHECK((model(x) != before));

  const xt::xtensor<float, 2> doubled = 2 * model.get<"3.weight">();  // a lazy expression like any
  CHECK(doubled(2, 1) == 2 * model.get<"3.weight">()(2, 1));

  std::vector<std::string> names;
  model.for_each_parameter([&](std::string_view name, std::span<float> values) {
    names.emplace_back(name);
    for (float& v : values) v = 0.25f;
  });
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "3.weight", "3.bias"});
  CHECK(model.get<"0.weight">()(1, 2) == 0.25f);
  static_assert(Model<Net>::parameter_count == 4 * 5 + 5 + 5 * 3 + 3);
}

TEST_CASE("blocks, branches and parts are named as in PyTorch") {
  using Deep = Sequential<Named<"encoder", Sequential<Dense<4, 6>, ReLU>>, Repeat<2, Residual<Dense<6>, Tanh>>,
                          Concat<Dense<2>, Sequential<Dense<3>, ReLU>>, Named<"head", Dense<2>>>;
  Model<Deep> model{1};
  std::vector<std::string> names;
  std::as_const(model).for_each_parameter(
      [&](std::string_view name, std::span<const float>) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"encoder.0.weight", "encoder.0.bias", "1.0.0.weight", "1.0.0.bias",
                                          "1.1.0.weight", "1.1.0.bias", "2.0.weight", "2.0.bias", "2.1.0.weight",
                                          "2.1.0.bias", "head.weight", "head.bias"});
  CHECK(model.get<"1.1.0.weight">().shape()[1] == 6);
  CHECK(model.get<"head.weight">().shape()[1] == 5);
  CHECK(model.get<"1.0.0.weight">()(0, 0) != model.get<"1.1.0.weight">()(0, 0));

  // An own layer is a network too.
  Model<Dense<3, 1>> plain{1};
  const xt::xtensor<float, 1> x{1, 2, 3};
  const auto w = plain.get<"weight">();
  CHECK(plain(x)(0) == Approx(w(0, 0) + 2 * w(0, 1) + 3 * w(0, 2) + plain.get<"bias">()(0)));
}

TEST_CASE("initial weights follow from the seed") {
  const Model<Net> model{42}, same{42}, other{43};
  CHECK(parameters_of(model) == parameters_of(same));
  for (const auto& [name, values] : parameters_of(other)) {
    INFO(name);
    CHECK(values != parameters_of(model)[name]);
  }

  // PyTorch's default: U(-1/sqrt(in), 1/sqrt(in)) for weight and bias.
  const Model<Dense<100, 400>> dense{1};
  for (const auto& [name, values] : parameters_of(dense)) {
    INFO(name);
    double sum = 0, squares = 0, most = 0;
    for (const double v : values) {
      sum += v;
      squares += v * v;
      most = std::max(most, std::abs(v));
    }
    const auto n = static_cast<double>(values.size());
    const double deviation = 0.1 / std::sqrt(3.0);
    CHECK(most <= 0.1);
    CHECK(most > 0.098);
    CHECK(std::abs(sum / n) < 4 * deviation / std::sqrt(n));
    CHECK(std::sqrt(squares / n) == Approx(deviation).epsilon(2.0 / std::sqrt(n)));
  }

  Model<Net> again{1};
  again.initialize(42);
  CHECK(parameters_of(again) == parameters_of(model));

  // Both precisions draw the same numbers.
  const Model<Net, double> wide{42};
  const auto w = model.get<"0.weight">();
  const auto v = wide.get<"0.weight">();
  for (std::size_t o = 0; o < 5; ++o)
    for (std::size_t i = 0; i < 4; ++i) CHECK(w(o, i) == static_cast<float>(v(o, i)));
}

TEST_CASE("models are values") {
  Model<Net> model{1};
  const auto x = numbers<float, 2>({3, 4});
  const auto y = model(x);
  const auto parameters = parameters_of(model);

  Model<Net> copy = model;
  CHECK(parameters_of(copy) == parameters);
  copy.get<"0.bias">()(0) += 1;
  CHECK(parameters_of(model) == parameters);
  CHECK((model(x) == y));

  copy = model;
  CHECK((copy(x) == y));
  const Model<Net> moved = std::move(copy);
  CHECK((moved(x) == y));
  Model<Net> target{9};
  target = std::move(model);
  CHECK((target(x) == y));
  Model<Net>& self = target;
  target = self;
  CHECK((target(x) == y));
}

TEST_CASE("a const model predicts from many threads at once") {
  using Wide = Sequential<Dense<20, 64>, ReLU, Dropout<0.5>, Residual<Dense<64>, Tanh>, Dense<10>, Softmax>;
  const Model<Wide> model{1};
  std::vector<xt::xtensor<float, 2>> batches, expected;
  for (std::size_t t = 0; t < 8; ++t) {
    batches.push_back(numbers<float, 2>({1 + 40 * t, 20}, t));
    expected.push_back(model(batches.back()));
  }
  std::vector<int> wrong(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t round = 0; round < 20; ++round) {
        const std::size_t which = (t + round) % 8;
        wrong[t] += model(batches[which]) == expected[which] ? 0 : 1;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(8, 0));
}

TEST_CASE("samples may come in any container of numbers, or in braces") {
  const Model<Net> model{5};
  const xt::xtensor<float, 1> sample{0.5F, -1, 2, 0.25F};
  const auto expected = model(sample);
  REQUIRE(expected.size() == 3);

  const std::vector<double> doubles{0.5, -1, 2, 0.25};
  CHECK((model(doubles) == expected));
  CHECK((model(std::array{0.5F, -1.0F, 2.0F, 0.25F}) == expected));
  CHECK((model(std::span<const float>(sample.data(), 4)) == expected));
  CHECK((model({0.5F, -1, 2, 0.25F}) == expected));
  CHECK((model.predict(doubles) == expected));

  const auto two = model({{0.5F, -1, 2, 0.25F}, {1, 2, 3, 4}});
  REQUIRE((two.shape() == std::array<std::size_t, 2>{2, 3}));
  const auto same = model(std::vector<std::vector<float>>{{0.5F, -1, 2, 0.25F}, {1, 2, 3, 4}});
  CHECK((same == two));
  for (std::size_t j = 0; j < 3; ++j) CHECK(two(0, j) == expected(j));

  CHECK_THROWS_WITH(model(std::vector<float>(5)), Contains("expected samples of 4 numbers, got 5"));
  CHECK_THROWS_WITH(model({{1, 2, 3, 4}, {1, 2}}), Contains("expected samples of 4 numbers, got 2"));
}

TEST_CASE("a graph names the input that it cannot take") {
  using One = Graph<In<"image", 1, 2, 2>, Node<"y", Sequential<Flatten, Dense<3>>>, Out<"y">>;
  using Two = Graph<In<"image", 1, 2, 2>, In<"table", 5>, Node<"seen", Flatten, "image">,
                    Node<"both", Concat<>, "seen", "table">, Node<"y", Dense<2>>, Out<"y">>;
  const Model<One> one{1};
  const Model<Two> two{1};
  const auto images = numbers<float, 4>({3, 1, 2, 2});
  const auto tables = numbers<float, 2>({3, 5}), narrow = numbers<float, 2>({3, 4}), few = numbers<float, 2>({2, 5});
  CHECK((two(in<"table">(tables), in<"image">(images)) == two(images, tables)));
  CHECK_THROWS_WITH(one(tables),
                    "model: input \"image\": expected samples of shape (1, 2, 2), got a tensor of shape (3, 5)");
  CHECK_THROWS_WITH(one(std::vector<float>(5)), "model: input \"image\": expected samples of 4 numbers, got 5");
  for (const bool by_name : {false, true})
    CHECK_THROWS_WITH(by_name ? two(in<"table">(narrow), in<"image">(images)) : two(images, narrow),
                      "model: input \"table\": expected samples of shape (5), got a tensor of shape (3, 4)");
  CHECK_THROWS_WITH(two(images, few),
                    "model: expected as many samples of every input, got 3 of \"image\" and 2 of \"table\"");
  CHECK_THROWS_WITH(two(tables), "model: inputs \"image\", \"table\" in one row: expected samples of shape (9), got a "
                                 "tensor of shape (3, 5)");
}

#ifndef __clang__  // xtensor's xarray does not compile with clang 19
TEST_CASE("an xarray is a batch") {
  const Model<ImageNet> model{5};
  const auto batch = numbers<float, 4>({3, 2, 3, 2});
  const auto expected = model(batch);
  const xt::xarray<float> copy = batch;
  CHECK((model(copy) == expected));
  const xt::xarray<double> rows = xt::reshape_view(batch, std::vector<std::size_t>{3, 12});
  CHECK((model(rows) == expected));
  const xt::xarray<float> one = xt::view(batch, 1);
  const auto result = model(one);
  REQUIRE((result.shape() == std::array<std::size_t, 3>{1, 3, 2}));
  CHECK(result(0, 2, 1) == expected(1, 2, 1));
  CHECK_THROWS_WITH(model(xt::xarray<float>(xt::zeros<float>({3, 11}))),
                    Contains("expected samples of shape (2, 3, 2), got a tensor of shape (3, 11)"));
  CHECK_THROWS_WITH(model(xt::xarray<float>(xt::zeros<float>({2, 2, 3}))), Contains("got a tensor of shape (2, 2, 3)"));
  CHECK_THROWS_WITH(model(xt::xarray<float>(xt::zeros<float>({4}))), Contains("got a tensor of shape (4)"));
}
#endif
