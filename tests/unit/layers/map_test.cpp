#include <catch2/catch.hpp>

#include <algorithm>
#include <type_traits>
#include <vector>

#include <tenon/layers/map.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr auto A = param<"A", Shape<4, 3>>;
constexpr auto B = param<"B", Shape<4, 3>>;
constexpr auto C = param<"C", Shape<3, 5>>;
constexpr auto a = param<"a", Shape<3>>;
constexpr auto g = param<"g", PerFeature, Ones>;
constexpr auto h = param<"h", PerFeature>;
constexpr auto s = param<"s">;

constexpr auto normal = (x - mean(x)) / sqrt(variance(x) + 0.01);

/// A formula as a layer of 4 features, and of sequences of them.
template <auto F>
void check_formula() {
  check_gradients<Alone<Map<F>, 4>>();
  check_steps<Map<F>, 4>();
}

}  // namespace

// What a formula does not take is refused when it is bound, in words.
namespace {

template <class L, class In, class Expected>
constexpr bool says = std::is_same_v<typename L::template problem<In>, Expected>;

using Logistic = Map<sigmoid(matmul(x, A) + a)>;
using Shifted = Map<x + param<"b", Shape<5>>>;
using Unequal = Map<matmul(tanh(matmul(x, A)), B)>;
using WrongBias = Map<matmul(x, A) + param<"b", Shape<4>>>;
using TwoWidths = Map<matmul(x* g, A) * g>;

static_assert(says<Logistic, Shape<4>, void>);
static_assert(says<Logistic, Shape<5>, takes<Shape<4>>>);
static_assert(says<Logistic, Shape<2, 5>, takes<Shape<2, 4>>>);
static_assert(says<Logistic, Shape<2, 2, 4>, takes<a_vector_or_a_sequence>>);
static_assert(says<Map<x * matmul(x, A)>, Shape<4>, takes<Shape<3>>>);
static_assert(says<Shifted, Shape<5>, void>);
static_assert(says<Shifted, Shape<2, 4>, takes<Shape<2, 5>>>);
static_assert(says<Unequal, Shape<4>, takes<parts_with_as_many_features>>);
static_assert(says<WrongBias, Shape<4>, takes<parts_with_as_many_features>>);
static_assert(says<TwoWidths, Shape<4>, takes<parts_with_as_many_features>>);
static_assert(says<Map<x * g + h>, Shape<3, 8, 8>, void>);
static_assert(says<Map<chunk<0, 3>(x)>, Shape<7>, takes<features_in_equal_chunks<3>>>);
static_assert(std::is_void_v<tenon::detail::fault_of<Logistic>>);
static_assert(std::is_same_v<tenon::detail::fault_of<Map<matmul(x* dropout_mask<0.5>, A)>>,
                             takes<dropout_mask_after_the_last_matmul>>);

}  // namespace

TEST_CASE("formulas with parameters") {
  check_formula<s * x>();
  check_formula<g * x + h>();
  check_formula<(s * g) * x + s>();
  check_formula<x / sqrt(mean(x * x) + square(s)) * s + s * square(h)>();
  check_formula<select(x > 0, x, s * x)>();
  check_formula<normal * g + h>();
}

TEST_CASE("chunks of x") {
  check_formula<chunk<1, 2>(x)>();  // the other half gets no gradient
  check_formula<chunk<0, 2>(x) * sigmoid(chunk<1, 2>(x))>();
  check_formula<chunk<2, 4>(x) - chunk<3, 4>(x) * chunk<0, 4>(x)>();
  check_formula<matmul(chunk<1, 2>(x), param<"W", Shape<2, 3>>)>();
  check_formula<matmul(x, param<"W", Shape<4, 2>>) * chunk<0, 2>(x)>();
  check_formula<matmul(chunk<0, 2>(x) * chunk<1, 2>(x), param<"W", Shape<2, 3>>) * matmul(x, A)>();
}

TEST_CASE("dropout within a formula") {
  check_gradients<Alone<Map<(x + h) * dropout_mask<0.5>>, 4>>();
  check_gradients<Alone<Map<x * g * dropout_mask<0.5>>, 3, 4>>();
  check_gradients<Alone<Map<tanh(matmul(x, A) + a) * dropout_mask<0.3>>, 3, 4>>();
  check_gradients<Alone<Map<matmul(x, A) * sigmoid(matmul(x, B)) * dropout_mask<0.3>>, 3, 4>>();
  check_gradients<Alone<Map<sigmoid(matmul(tanh(matmul(x, A) + a), C)) * dropout_mask<0.3>>, 4>>();
}

TEST_CASE("no gradient flows through stop_gradient") {
  const auto gradients = []<auto F>() {
    NetworkRun<Alone<Map<F>, 4>, double> run{2, 1};
    run.x.assign(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
    std::fill_n(run.parameters.data(), run.parameters.size(), 2.0);
    run.dy.assign(std::vector<double>(2 * run.dy.length(), 1.0));
    run.forward(Training{});
    run.backward();
    CHECK(run.faults.empty());
    CHECK(run.dx.values() == std::vector<double>(8, 0.0));
    return run.parameter_gradients();
  };
  CHECK(gradients.operator()<stop_gradient(x) * g>() == std::vector<double>{6, 8, 10, 12});
  CHECK(gradients.operator()<stop_gradient(matmul(x, param<"W", Shape<4, 1>>)) * g>() ==
        std::vector<double>{0, 0, 0, 0, 72});
  CHECK(gradients.operator()<matmul(stop_gradient(x), param<"W", Shape<4, 1>>)>() == std::vector<double>{6, 8, 10, 12});
}
