#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

/// A block that is told something besides.
template <std::size_t C>
using Told = Graph<In<"x">, In<"t">, Node<"c", Conv2D<C, 3, padding<1>>, "x">, Node<"scale", Dense<C>, "t">,
                   Node<"shift", Dense<C>, "t">, Node<"film", FiLM, "c", "scale", "shift">, Node<"y", SiLU>, Out<"y">>;
using ToldUNet = Graph<In<"x", 1, 4, 4>, In<"t", 2>, Node<"down", Told<2>, "x", "t">, Node<"pool", MaxPool2D<2>>,
                       Node<"inner", Told<3>, "pool", "t">, Node<"up", Upsample<2>>,
                       Node<"both", Concat<>, "down", "up">, Node<"last", Told<2>, "both", "t">,
                       Node<"y", Conv2D<1, 1>>, Out<"y">>;
using ToldAgain = Graph<In<"x", 1, 3, 3>, In<"t", 2>, Node<"first", Conv2D<2, 3, padding<1>>, "x">,
                        Node<"body", Repeat<3, Told<2>>, "first", "t">, Node<"y", Conv2D<1, 1>>, Out<"y">>;
/// As in RevNet: a block that gives both of what it takes.
using Coupled = Graph<In<"a">, In<"b">, Node<"f", Sequential<Dense<3>, BatchNorm1D<>, Tanh>, "b">,
                      Node<"a2", Add<>, "a", "f">, Node<"g", Dense<4>, "a2">, Node<"b2", Add<>, "b", "g">,
                      Out<"a2", "b2">>;
using PassedOn = Graph<In<"a", 3>, In<"b", 4>, Node<"body", Repeat<2, Repeat<2, Coupled>>, "a", "b">,
                       Node<"y", Dense<2>, "body.a2">, Node<"z", Add<>, "body.b2", "b">, Out<"y", "z">>;
using Everywhere = Graph<In<"x">, Node<"h", Dense<3>>, Node<"g", Sigmoid>, Node<"m", Multiply, "g", "x">,
                         Node<"y", Add<>, "m", "x">, Out<"y">>;
using Translate = Graph<In<"source", 4, 6>, In<"target", 3, 6>,
                        Node<"memory", Sequential<LayerNorm<>, Dense<6>>, "source">,
                        Node<"look", CrossAttention<2>, "target", "memory">, Node<"sum", Add<>, "look", "target">,
                        Node<"y", Dense<2>>, Out<"y">>;
using Pieces = Graph<In<"x", 6, 2>, Node<"first", Slice<0, 0, 2>, "x">, Node<"rest", Slice<0, 2, 6>, "x">,
                     Node<"a", Dense<3>, "first">, Node<"b", Dense<3>, "rest">, Node<"both", Concat<>, "a", "b">,
                     Node<"transposed", Permute<1, 0>>, Node<"y", Sequential<Flatten, Dense<2>>>, Out<"y">>;
/// Two sensors through one tower, with states of their own, and what they say together.
using TwoSensors = Graph<In<"left", 5, 3>, In<"right", 5, 3>, Node<"a", Sequential<Dense<4>, Tanh, GRU<3>>, "left">,
                         Node<"b", Shared<"a">, "right">, Node<"far", Map<abs(in<"a"> - in<"b">)>>,
                         Node<"gated", Multiply, "a", "far">, Node<"sum", Add<>, "gated", "b">,
                         Node<"y", LSTM<2>, "sum">, Out<"y", "far">>;
/// As in WaveNet: what two convolutions make of the same past, one the gate of the other.
using Gated = Graph<In<"x">, Node<"tone", Sequential<Conv1D<2, 2>, Tanh>, "x">,
                    Node<"gate", Sequential<Conv1D<2, 2>, Sigmoid>, "x">, Node<"z", Multiply, "tone", "gate">,
                    Out<"z">>;
/// Two sequences side by side, one of which every copy is told.
using Follow = Graph<In<"x">, In<"told">, Node<"gate", Sequential<Dense<3>, Sigmoid>, "told">, Node<"h", GRU<3>, "x">,
                     Node<"m", Multiply, "h", "gate">, Node<"y", Add<>, "m", "x">, Out<"y">>;
using Followed = Graph<In<"x", 4, 3>, In<"told", 4, 2>, Node<"body", Repeat<2, Follow>, "x", "told">,
                       Node<"y", Dense<2>>, Out<"y">>;
using Waves = Sequential<Input<2, 7>, Gated, Concat<Gated, Conv1D<1, 2>>, Conv1D<1, 1>>;

}  // namespace

TEST_CASE("the zoo: graphs of blocks, and over steps") {
  check_table<
      Animal<"ToldUNet", ToldUNet>,      //
      Animal<"ToldAgain", ToldAgain>,    //
      Animal<"PassedOn", PassedOn>,      //
      Animal<"Followed", Followed>,      //
      Animal<"Translate", Translate>,    //
      Animal<"Pieces", Pieces>,          //
      Animal<"TwoSensors", TwoSensors>,  //
      Animal<"Waves", Waves>,            //
      Animal<"GraphInside", Sequential<Input<3>, Everywhere, Residual<Everywhere>, Repeat<2, Everywhere>,
                                       Concat<Everywhere, Identity>, Dense<2>>>,  //
      Animal<"GraphOverSteps", Sequential<Input<4, 3>, TimeDistributed<Everywhere>, Freeze<Everywhere>, Dense<2>>>>(
      "Graphs of blocks, and over steps");
}
