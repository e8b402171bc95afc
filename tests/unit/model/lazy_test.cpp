#include <catch2/catch.hpp>

#include <cmath>
#include <vector>

#include <tenon/expr/formula.hpp>
#include <tenon/model/lazy.hpp>
#include <tenon/model/tensor_tools.hpp>

using namespace tenon;

namespace {

using Matrix = xt::xtensor<float, 2>;

constexpr auto swish = x * sigmoid(x);

double swish_of(double v) { return v / (1 + std::exp(-v)); }

Matrix numbers(std::size_t rows, std::size_t columns, float first) {
  Matrix m({rows, columns});
  for (std::size_t i = 0; i < m.size(); ++i)
    m.data()[i] = first + 0.37f * static_cast<float>(i % 11) - 0.05f * static_cast<float>(i);
  return m;
}

template <class A, class F>
void check_each(const A& got, F want) {
  for (std::size_t i = 0; i < got.shape()[0]; ++i)
    for (std::size_t j = 0; j < got.shape()[1]; ++j)
      REQUIRE(static_cast<double>(got(i, j)) == Approx(want(i, j)).epsilon(1e-5));
}

/// Its arguments have gone by the time it is read.
auto made_elsewhere(float scale) {
  const auto formula = scale * x + exp(x);
  return formula(numbers(3, 5, -1) + 1.0f);
}

}  // namespace

TEST_CASE("a formula of a tensor is a lazy expression") {
  const Matrix a = numbers(7, 13, -1);
  static_assert(xt::is_xexpression<decltype(swish(a))>::value);
  static_assert(std::is_same_v<decltype(swish(a))::value_type, float>);
  Matrix y({7, 13});
  const float* before = y.data();
  xt::noalias(y) = swish(a);
  CHECK(y.data() == before);
  check_each(y, [&](auto i, auto j) { return swish_of(a(i, j)); });
}

TEST_CASE("formulas and xtensor expressions compose both ways") {
  const Matrix a = numbers(4, 6, -1), b = numbers(4, 6, 0), c = numbers(4, 6, 1);
  const Matrix y = xt::exp(swish(a)) + swish(b + c);
  check_each(y, [&](auto i, auto j) {
    return std::exp(swish_of(a(i, j))) + swish_of(static_cast<double>(b(i, j) + c(i, j)));
  });
  const Matrix z = swish(swish(a) * 2.0f) - a;
  check_each(z, [&](auto i, auto j) { return swish_of(2 * swish_of(a(i, j))) - static_cast<double>(a(i, j)); });
  CHECK(xt::sum(swish(a))() == Approx(static_cast<double>(xt::sum(a * (1.0f / (1.0f + xt::exp(-a))))())));
}

TEST_CASE("views, adaptors, broadcasts and tensors of double") {
  const Matrix a = numbers(6, 9, -2);
  const Matrix y = swish(xt::view(a, xt::range(1, 4), xt::range(0, 9, 2)));
  REQUIRE(y.shape()[1] == 5);
  check_each(y, [&](auto i, auto j) { return swish_of(a(i + 1, 2 * j)); });

  Matrix z = xt::zeros<float>({6, 9});
  xt::view(z, 2, xt::all()) = swish(xt::view(a, 5, xt::all()));
  check_each(z, [&](auto i, auto j) { return i == 2 ? swish_of(a(5, j)) : 0.0; });

  std::vector<double> memory{-1, 0, 0.5, 2};
  const auto adaptor = xt::adapt(memory.data(), 4, xt::no_ownership(), std::array<std::size_t, 2>{2, 2});
  const xt::xtensor<double, 2> w = gradient(x * x * x)(adaptor);
  check_each(w, [&](auto i, auto j) { return 3 * adaptor(i, j) * adaptor(i, j); });

  const xt::xtensor<float, 1> bias{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const Matrix sum = (prediction * target)(a, bias);
  check_each(sum, [&](auto i, auto j) { return static_cast<double>(a(i, j) * bias(j)); });
  const Matrix shifted = (prediction + target)(a, 1.5f);
  check_each(shifted, [&](auto i, auto j) { return static_cast<double>(a(i, j) + 1.5f); });
}

TEST_CASE("numbers and temporaries live in the expression") {
  const auto lazy = made_elsewhere(2.5f);
  const Matrix inside = numbers(3, 5, -1) + 1.0f;
  check_each(Matrix(lazy), [&](auto i, auto j) {
    return 2.5 * static_cast<double>(inside(i, j)) + std::exp(static_cast<double>(inside(i, j)));
  });
}
