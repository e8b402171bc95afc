#include <catch2/catch.hpp>

#include <tenon/layers/multiply.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/sigmoid.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>

#include "support/layer_check.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

template <class Net>
void check_network(const char* of_case) {
  check_golden<Net>(Golden{"networks"}, of_case, {.floor = 1});  // sums of terms that cancel
  check_gradients<Net>();
}

}  // namespace

TEST_CASE("Residual gives what PyTorch gives") { check_network<Residual<Dense<6, 8>, ReLU, Dense<8, 6>>>("residual"); }

TEST_CASE("Concat gives what PyTorch gives") { check_network<Concat<Dense<6, 4>, Dense<6, 3>>>("concat"); }

TEST_CASE("Add gives what PyTorch gives") {
  check_network<Add<Dense<6, 4>, Sequential<Dense<6, 5>, Tanh, Dense<5, 4>>>>("add");
}

TEST_CASE("Repeat gives what PyTorch gives") { check_network<Repeat<3, Residual<Dense<6, 6>, Tanh>>>("repeat"); }

TEST_CASE("Repeat of blocks of two inputs gives what PyTorch gives") {
  using Conditioned = Graph<In<"x", 4>, In<"t", 2>, Node<"a", Dense<4>, "x">, Node<"scale", Dense<4>, "t">,
                            Node<"m", Multiply, "a", "scale">, Node<"h", Tanh>, Node<"y", Add<>, "x", "h">, Out<"y">>;
  check_network<Repeat<3, Conditioned>>("repeat_conditioned");
  using Coupled = Graph<In<"a", 4>, In<"b", 2>, Node<"f", Dense<4>, "b">, Node<"gate", Sigmoid>,
                        Node<"a2", Multiply, "a", "gate">, Node<"g", Dense<2>>, Node<"b2", Add<>, "b", "g">,
                        Out<"a2", "b2">>;
  check_network<Repeat<3, Coupled>>("repeat_coupled");
}

TEST_CASE("a nested network gives what PyTorch gives") {
  check_network<Sequential<Dense<6, 8>, Sequential<ReLU, Dense<8, 8>>, Residual<Dense<8, 5>, Tanh, Dense<5, 8>>,
                           Concat<Dense<8, 2>, Sequential<Dense<8, 3>, Sigmoid>>, Add<Dense<5, 3>, Dense<5, 3>>>>(
      "nested");
}

TEST_CASE("a Graph of two inputs, a shared tower and two outputs gives what PyTorch gives") {
  check_network<Graph<In<"left", 3>, In<"right", 3>, Node<"tower", Sequential<Dense<5>, Tanh>, "left">,
                      Node<"again", Shared<"tower">, "right">, Node<"both", Concat<>, "tower", "again">,
                      Node<"mixed", Sequential<Dense<10>, ReLU>>, Node<"total", Add<>, "both", "mixed">,
                      Node<"kind", Dense<3>, "total">, Node<"value", Dense<2>, "total">, Out<"kind", "value">>>(
      "branched");
}

TEST_CASE("the gradients of compositions of real layers") {
  check_gradients<Sequential<Dense<4, 6>, ReLU, Dropout<0.5>, Dense<6, 3>, Softmax>>();
  check_gradients<Sequential<Input<6>, Residual<Dropout<0.3>, Dense<6>, ReLU>, Dense<2>>>();
  check_gradients<Sequential<Input<6>, Concat<Identity, Dense<3>, ReLU>, Tanh>>();
  check_gradients<Sequential<Input<2, 3>, Residual<Dense<3>, Tanh>, Flatten, Dense<4>>>();
}
