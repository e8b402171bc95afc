#include <catch2/catch.hpp>

#include <type_traits>

#include <tenon/layers/map.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr auto A = param<"A", Shape<4, 3>>;
constexpr auto B = param<"B", Shape<4, 3>>;
constexpr auto C = param<"C", Shape<3, 5>>;
constexpr auto D = param<"D", Shape<3, 4>>;
constexpr auto Q = param<"Q", Shape<4, 4>>;
constexpr auto a = param<"a", Shape<3>>;
constexpr auto c = param<"c", Shape<5>>;
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

template <auto F>
using Bound = bound_network<Alone<Map<F>, 4>>;

}  // namespace

static_assert(std::is_same_v<output_shape<Alone<Map<matmul(tanh(matmul(x, A) + a), C)>, 4>>, Shape<5>>);
static_assert(std::is_same_v<output_shape<Alone<Map<matmul(x, A) + a>, 7, 4>>, Shape<7, 3>>);
static_assert(parameter_count<Alone<Map<sigmoid(matmul(x, A) + a)>, 4>> == 15);
static_assert(parameter_count<Alone<Map<matmul(g* x, A) * h>, 4>> == 4 + 12 + 3);
static_assert(parameter_count<Alone<Map<matmul(matmul(x, A), transpose(A))>, 4>> == 12);

TEST_CASE("a dense layer in one line") {
  check_formula<sigmoid(matmul(x, A) + a)>();
  check_formula<matmul(x, transpose(D)) + a>();
  check_formula<max(matmul(x, A) + a, 0)>();
  check_formula<matmul(x, A) * s>();
}

TEST_CASE("products side by side") {
  check_formula<matmul(x, A) * sigmoid(matmul(x, B))>();
  check_formula<matmul(x, A) - matmul(x, B)>();
  check_formula<matmul(x * x, A) * matmul(x * x, B) + a>();
  check_formula<matmul(x, A) * tanh(matmul(sin(x), A))>();  // one weight, two products
}

TEST_CASE("products of products") {
  check_formula<matmul(tanh(matmul(x, A) + a), C)>();
  check_formula<sigmoid(matmul(tanh(matmul(x, A) + a), C) + c)>();
  check_formula<matmul(matmul(x, A), C)>();
  check_formula<matmul(max(matmul(x, A) + a, 0), C)>();
  check_formula<matmul(matmul(x, A), transpose(A))>();  // tied, as in an autoencoder
  check_formula<matmul(tanh(matmul(x, Q)), Q)>();
  check_formula<matmul(matmul(x, A) * matmul(x, B), C)>();
}

TEST_CASE("feed-forward blocks in one formula") {
  check_formula<x + matmul(tanh(matmul(x, A)), D)>();
  check_formula<x + matmul(matmul(x, A) * sigmoid(matmul(x, A)) * matmul(x, B), D)>();
  check_formula<x * sigmoid(matmul(x, Q) + h)>();
}

TEST_CASE("a product of a normalised x") {
  check_formula<matmul(normal, A)>();
  check_formula<matmul(normal * g, A) + h>();
  check_formula<matmul(normal, A) * sigmoid(matmul(x / sqrt(mean(x * x) + 0.01) * g, B))>();
  check_formula<matmul(x - g, A)>();
  check_formula<matmul(s * x, A) + s>();
}

TEST_CASE("a normalised product") {
  check_formula<exp(matmul(x, A) + a) / sum(exp(matmul(x, A) + a))>();
  check_formula<matmul(exp(matmul(x, A)) / sum(exp(matmul(x, A))), C)>();
  check_formula<(matmul(x, A) - mean(matmul(x, A))) / sqrt(variance(matmul(x, A)) + 0.1) * h>();
}

TEST_CASE("only what backward reads is kept") {
  // the result of tanh is all that backward needs of it
  STATIC_REQUIRE(Bound<tanh(matmul(x, A) + a)>::needs.saved.sample == 0);
  // the slope
  STATIC_REQUIRE(Bound<matmul(x, A) * sigmoid(matmul(x, A))>::needs.saved.sample == aligned(3));
  // the gate's product: the other one's gradient needs the gate, the gate's needs the result
  STATIC_REQUIRE(Bound<matmul(x, A) * sigmoid(matmul(x, B))>::needs.saved.sample == aligned(3));
  STATIC_REQUIRE(Bound<sin(matmul(x, A)) * sin(matmul(x, B))>::needs.saved.sample == 2 * aligned(3));
  // the operand of the second product, and neither product
  STATIC_REQUIRE(Bound<matmul(tanh(matmul(x, A) + a), C)>::needs.saved.sample == aligned(3));
  // a normalised x is an operand; its divisor is kept for every sample
  STATIC_REQUIRE(Bound<matmul(normal, A)>::needs.saved.sample > aligned(4));
  STATIC_REQUIRE_FALSE(Bound<matmul(tanh(x), A)>::needs.backward_reads_input);
}
