#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

using TwoInputs = Graph<In<"image", 1, 5, 4>, In<"table", 3>,
                        Node<"seen", Sequential<Conv2D<2, 3>, ReLU, Flatten, Dense<4>>, "image">,
                        Node<"known", Sequential<Dense<3>, Tanh>, "table">, Node<"both", Concat<>, "seen", "known">,
                        Node<"y", Sequential<Dropout<0.2>, Dense<3>, Softmax>>, Out<"y">>;
using TwoOutputs = Graph<In<"x", 5>, Node<"h", Sequential<Dense<4>, Tanh>>,
                         Node<"kind", Sequential<Dense<3>, Softmax>, "h">, Node<"value", Dense<2>, "h">,
                         Out<"kind", "value">>;
using Siamese = Graph<In<"a", 4>, In<"b", 4>, Node<"left", Sequential<Dense<5>, Tanh, Dense<3>>, "a">,
                      Node<"right", Shared<"left">, "b">, Node<"far", Map<square(in<"left"> - in<"right">)>>,
                      Node<"y", Dense<1>>, Out<"y">>;
using AgainAndAgain = Graph<In<"x", 4>, Node<"a", Sequential<Dense<4>, Tanh>>, Node<"b", Shared<"a">>,
                            Node<"c", Shared<"a">>, Node<"y", Add<>, "a", "b", "c">, Out<"y">>;
using Vae = Graph<In<"x", 6>, Node<"mean", Dense<2>, "x">, Node<"log_variance", Dense<2>, "x">,
                  Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                  Node<"decoder", Sequential<Dense<6>, Sigmoid>>, Out<"decoder", "mean", "log_variance">>;
/// A block that is told something besides.
template <std::size_t C>
using Told = Graph<In<"x">, In<"t">, Node<"c", Conv2D<C, 3, padding<1>>, "x">, Node<"scale", Dense<C>, "t">,
                   Node<"shift", Dense<C>, "t">, Node<"film", FiLM, "c", "scale", "shift">, Node<"y", SiLU>, Out<"y">>;
using ToldUNet = Graph<In<"x", 1, 4, 4>, In<"t", 2>, Node<"down", Told<2>, "x", "t">, Node<"pool", MaxPool2D<2>>,
                       Node<"inner", Told<3>, "pool", "t">, Node<"up", Upsample<2>>,
                       Node<"both", Concat<>, "down", "up">, Node<"last", Told<2>, "both", "t">,
                       Node<"y", Conv2D<1, 1>>, Out<"y">>;
using Everywhere = Graph<In<"x">, Node<"h", Dense<3>>, Node<"g", Sigmoid>, Node<"m", Multiply, "g", "x">,
                         Node<"y", Add<>, "m", "x">, Out<"y">>;
using Dense3 = Graph<In<"x", 4>, Node<"a", Sequential<Dense<2>, Tanh>>, Node<"xa", Concat<>, "x", "a">,
                     Node<"b", Sequential<Dense<2>, Tanh>>, Node<"xab", Concat<>, "xa", "b">, Node<"y", Dense<2>>,
                     Out<"y">>;
using Translate = Graph<In<"source", 4, 6>, In<"target", 3, 6>,
                        Node<"memory", Sequential<LayerNorm<>, Dense<6>>, "source">,
                        Node<"look", CrossAttention<2>, "target", "memory">, Node<"sum", Add<>, "look", "target">,
                        Node<"y", Dense<2>>, Out<"y">>;
using Pieces = Graph<In<"x", 6, 2>, Node<"first", Slice<0, 0, 2>, "x">, Node<"rest", Slice<0, 2, 6>, "x">,
                     Node<"a", Dense<3>, "first">, Node<"b", Dense<3>, "rest">, Node<"both", Concat<>, "a", "b">,
                     Node<"turned", Permute<1, 0>>, Node<"y", Sequential<Flatten, Dense<2>>>, Out<"y">>;
using Passing = Graph<In<"x", 3>, In<"z", 2>, Node<"h", Sequential<BatchNorm1D<>, Dense<3>>, "x">, Node<"y", Tanh>,
                      Out<"y", "z", "h">>;
using Encoder = Graph<In<"x">, Node<"mean", Dense<2>, "x">, Node<"spread", Sequential<Dense<2>, Tanh>, "x">,
                      Out<"mean", "spread">>;
using OneOutput = Graph<In<"x", 4>, Node<"code", Encoder>, Node<"y", Dense<2>, "code.spread">,
                        Node<"sum", Add<>, "y", "code.mean">, Out<"sum", "code.mean">>;
/// Two sensors through one tower, with states of their own, and what they say together.
using TwoSensors = Graph<In<"left", 5, 3>, In<"right", 5, 3>, Node<"a", Sequential<Dense<4>, Tanh, GRU<3>>, "left">,
                         Node<"b", Shared<"a">, "right">, Node<"far", Map<abs(in<"a"> - in<"b">)>>,
                         Node<"gated", Multiply, "a", "far">, Node<"sum", Add<>, "gated", "b">,
                         Node<"y", LSTM<2>, "sum">, Out<"y", "far">>;
/// As in WaveNet: what two convolutions make of the same past, one the gate of the other.
using Gated = Graph<In<"x">, Node<"tone", Sequential<Conv1D<2, 2>, Tanh>, "x">,
                    Node<"gate", Sequential<Conv1D<2, 2>, Sigmoid>, "x">, Node<"z", Multiply, "tone", "gate">,
                    Out<"z">>;
using Waves = Sequential<Input<2, 7>, Gated, Concat<Gated, Conv1D<1, 2>>, Conv1D<1, 1>>;

}  // namespace

TEST_CASE("the zoo: graphs") {
  check_table<
      Animal<"TwoInputs", TwoInputs>, Animal<"TwoOutputs", TwoOutputs>, Animal<"Siamese", Siamese>,
      Animal<"AgainAndAgain", AgainAndAgain>, Animal<"Vae", Vae>, Animal<"ToldUNet", ToldUNet>,
      Animal<"DenseGraph", Dense3>, Animal<"Translate", Translate>, Animal<"Pieces", Pieces>,
      Animal<"Passing", Passing>, Animal<"OneOutput", OneOutput>, Animal<"TwoSensors", TwoSensors>,
      Animal<"Waves", Waves>,
      Animal<"GraphInside", Sequential<Input<3>, Everywhere, Residual<Everywhere>, Repeat<2, Everywhere>,
                                       Concat<Everywhere, Identity>, Dense<2>>>,
      Animal<"GraphOverSteps", Sequential<Input<4, 3>, TimeDistributed<Everywhere>, Freeze<Everywhere>, Dense<2>>>>(
      "Graphs");
}
