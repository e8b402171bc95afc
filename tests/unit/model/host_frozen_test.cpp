#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/fake_quantized.hpp>
#include <tenon/layers/gelu.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/layer_norm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/layers/time_distributed.hpp>
#include <tenon/model/session.hpp>
#include <tenon/net/networks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "support/counting_new.hpp"

using namespace tenon;

namespace {

// Matrices that are transposed (Dense), that lie the right way already, and one that two products share.
using Twice = Map<tanh(matmul(matmul(x, param<"W", Shape<13, 13>>), param<"W", Shape<13, 13>>))>;
using Straight = Map<matmul(x, param<"V", Shape<13, 17>>) + param<"b", PerFeature>>;
using Net = Sequential<Dense<21, 13>, ReLU, Repeat<3, Residual<Dense<13>, Tanh>>, Twice, Straight,
                       Concat<Dense<5>, Sequential<LayerNorm<>, Dense<16>, GELU>>, Dense<1, bias<false>>>;

}  // namespace

TEST_CASE("a constant-weight network on the host gives what the model gives, and allocates nothing") {
  const Model<Net> model{8};
  Session net{model}, other{model};
  std::vector<float> x(21), expected(1), output(1), away(1);
  Stream random(3, Purpose::user);
  for (int sample = 0; sample < 20; ++sample) {
    for (float& v : x) v = random.uniform<float>(-1, 1);
    model.predict(std::span<const float>(x), expected);
    const std::span<const float, 21> in(x);
    const test::HeapUse used = test::heap_use([&] {
      net(in, std::span<float, 1>(output));
      other(in, std::span<float, 1>(away));
    });
    CHECK(used.news == 0);
    CHECK(used.mallocs == 0);
    CHECK(std::abs(output[0] - expected[0]) <= 2e-6F * (1 + std::abs(expected[0])));
    CHECK(output == away);
  }
}

namespace {

template <class Net>
void check_host_of() {
  const Model<Net> model{8};
  Session net{model};
  std::vector<float> x(input_shape<Net>::size), expected(output_shape<Net>::size), output(expected.size());
  Stream random(3, Purpose::user);
  for (int sample = 0; sample < 3; ++sample) {
    for (float& v : x) v = random.uniform<float>(-1, 1);
    model.predict(std::span<const float>(x), expected);
    net(std::span<const float, input_shape<Net>::size>(x), std::span<float, output_shape<Net>::size>(output));
    for (std::size_t i = 0; i < output.size(); ++i)
      CHECK(std::abs(output[i] - expected[i]) <= 2e-6F * (1 + std::abs(expected[i])));
  }
}

}  // namespace

TEST_CASE("on the host the root may be any composition") {
  check_host_of<Concat<Sequential<Input<5>, Dense<3>, Tanh>, Dense<2>>>();
  check_host_of<Add<Sequential<Input<5>, Dense<3>, Tanh>, Dense<3>>>();
  check_host_of<Residual<Input<5>, Dense<5>, Tanh>>();
  check_host_of<Repeat<3, Sequential<Input<5>, Dense<5>, Tanh>>>();
  check_host_of<Named<"n", Sequential<Input<3, 5>, TimeDistributed<Sequential<Dense<4>, Tanh, Dense<2>>>>>>();
  check_host_of<Sequential<Input<3, 5>, TimeDistributed<Sequential<Dense<4>, Tanh, Dense<2>>>>>();
  check_host_of<Sequential<Input<5>, FakeQuantized<Dense<4>>, Tanh>>();
  check_host_of<Sequential<Input<1, 5>, GRU<4, stateful>, Dense<3>>>();
  check_host_of<Freeze<Sequential<Input<30>, Dense<40>, Tanh>>>();
}

TEST_CASE("on the host a graph takes a row of inputs, and nodes with the same parameters share them transposed") {
  using Tower = Sequential<Dense<24>, Tanh, Dense<7>>;
  using Twins = Graph<In<"left", 40>, In<"right", 40>, Node<"seen", Tower, "left">,
                      Node<"other", tenon::Shared<"seen">, "right">,
                      Node<"distance", Map<abs(in<"seen"> - in<"other">) * param<"scale", PerFeature>>>,
                      Node<"y", Dense<2>>, Out<"y", "seen">>;
  check_host_of<Twins>();
  // or its inputs one by one, in order and by name
  const Model<Twins> model{8};
  Session net{model};
  std::array<float, 40> left{}, right{};
  std::array<float, 80> row{};
  std::array<float, 9> expected{};
  Stream random(3, Purpose::user);
  for (float& v : row) v = random.uniform<float>(-1, 1);
  std::copy_n(row.begin(), 40, left.begin());
  std::copy_n(row.begin() + 40, 40, right.begin());
  net(row, expected);
  const auto [y, seen] = net(left, right);
  CHECK(std::equal(y.begin(), y.end(), expected.begin()));
  CHECK(std::equal(seen.begin(), seen.end(), expected.begin() + 2));
  const test::HeapUse used = test::heap_use([&] { net(in<"right">(right), in<"left">(left)); });
  CHECK(used.news == 0);
  CHECK(net(in<"right">(right), in<"left">(left)).numbers == expected);
  CHECK(net(in<"right">(left), in<"left">(right)).numbers != expected);
  // small enough for kernels of constant sizes; one inside a chain, one frozen, one read by itself
  using Small = Graph<In<"x", 5>, Node<"a", Dense<5>>, Node<"b", tenon::Shared<"a">>,
                      Node<"c", tenon::Shared<"a">, "x">, Node<"y", Add<>, "b", "c">, Out<"y", "b">>;
  check_host_of<Small>();
  check_host_of<Sequential<Input<5>, Tanh, Graph<In<"x">, Node<"a", Dense<5>>, Node<"b", tenon::Shared<"a">>, Out<"b">>,
                           Dense<2>>>();
  check_host_of<Sequential<
      Input<5>, Freeze<Graph<In<"x">, Node<"a", Dense<5>>, Node<"b", tenon::Shared<"a">>, Out<"b">>>, Dense<2>>>();
  // over steps and once
  check_host_of<Graph<In<"x", 3, 8>, In<"z", 8>, Node<"a", Dense<6>, "x">, Node<"last", Last, "a">,
                      Node<"b", tenon::Shared<"a">, "z">, Node<"y", Add<>, "last", "b">, Out<"y">>>();
  check_host_of<Graph<In<"a", 3>, Node<"y", Map<in<"a"> * in<"a"> + 1>>, Out<"y">>>();
}

TEST_CASE("on the host layers that share parameters want them in one way") {
  using Cell = GRU<4, stateful>;  // a step of which has a kernel of its own
  using Net = Graph<In<"one", 1, 5>, In<"three", 3, 5>, Node<"a", Cell, "one">, Node<"b", tenon::Shared<"a">, "three">,
                    Node<"b_last", Last>, Node<"a_last", Last, "a">, Node<"y", Add<>, "a_last", "b_last">, Out<"y">>;
  const Model<Net> model{8};
  CHECK_THROWS_WITH(Session{model}, Catch::Matchers::Contains("layers that share parameters"));
}

TEST_CASE("products by columns are right for every size, on every vector unit") {
  const int available = kernels::cpu_level();
  Stream random(4, Purpose::user);
  for (int level = 0; level <= available; ++level) {
    kernels::limit_cpu_level(level);
    for (const std::size_t in : {1U, 7U, 8U, 9U, 40U})
      for (const std::size_t out : {1U, 2U, 15U, 16U, 33U}) {
        std::vector<float> w(in * out), x(in), y(out, 99.F);
        for (float& v : w) v = random.uniform<float>(-1, 1);
        for (float& v : x) v = random.uniform<float>(-1, 1);
        kernels::add_up_columns(w.data(), x.data(), y.data(), in, out);
        for (std::size_t o = 0; o < out; ++o) {
          double sum = 0;
          for (std::size_t i = 0; i < in; ++i) sum += static_cast<double>(w[i * out + o]) * static_cast<double>(x[i]);
          CHECK(std::abs(static_cast<double>(y[o]) - sum) <= 1e-5);
        }
      }
  }
  kernels::limit_cpu_level(available);
}
