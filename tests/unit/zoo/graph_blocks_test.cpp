#include "unit/zoo/zoo.hpp"

using namespace tenon;
using namespace tenon::zoo;

namespace {

/// A block with a condition, which scales and shifts its channels.
template <std::size_t C>
using Conditioned = Graph<In<"x">, In<"t">, Node<"c", Conv2D<C, 3, padding<1>>, "x">, Node<"scale", Dense<C>, "t">,
                          Node<"shift", Dense<C>, "t">, Node<"film", FiLM, "c", "scale", "shift">, Node<"y", SiLU>,
                          Out<"y">>;
using ConditionedUNet = Graph<In<"x", 1, 4, 4>, In<"t", 2>, Node<"down", Conditioned<2>, "x", "t">,
                              Node<"pool", MaxPool2D<2>>, Node<"inner", Conditioned<3>, "pool", "t">,
                              Node<"up", Upsample<2>>, Node<"both", Concat<>, "down", "up">,
                              Node<"last", Conditioned<2>, "both", "t">, Node<"y", Conv2D<1, 1>>, Out<"y">>;
using ConditionedRepeat = Graph<In<"x", 1, 3, 3>, In<"t", 2>, Node<"first", Conv2D<2, 3, padding<1>>, "x">,
                                Node<"body", Repeat<3, Conditioned<2>>, "first", "t">, Node<"y", Conv2D<1, 1>>,
                                Out<"y">>;
/// As in RevNet: a block of two inputs and two outputs of the same shapes.
using Coupled = Graph<In<"a">, In<"b">, Node<"f", Sequential<Dense<3>, BatchNorm1D<>, Tanh>, "b">,
                      Node<"a2", Add<>, "a", "f">, Node<"g", Dense<4>, "a2">, Node<"b2", Add<>, "b", "g">,
                      Out<"a2", "b2">>;
using CoupledRepeat = Graph<In<"a", 3>, In<"b", 4>, Node<"body", Repeat<2, Repeat<2, Coupled>>, "a", "b">,
                            Node<"y", Dense<2>, "body.a2">, Node<"z", Add<>, "body.b2", "b">, Out<"y", "z">>;
using GatedBlock = Graph<In<"x">, Node<"h", Dense<3>>, Node<"g", Sigmoid>, Node<"m", Multiply, "g", "x">,
                         Node<"y", Add<>, "m", "x">, Out<"y">>;
using EncoderDecoder = Graph<In<"source", 4, 6>, In<"target", 3, 6>,
                             Node<"memory", Sequential<LayerNorm<>, Dense<6>>, "source">,
                             Node<"look", CrossAttention<2>, "target", "memory">, Node<"sum", Add<>, "look", "target">,
                             Node<"y", Dense<2>>, Out<"y">>;
using SlicedSteps = Graph<In<"x", 6, 2>, Node<"first", Slice<0, 0, 2>, "x">, Node<"rest", Slice<0, 2, 6>, "x">,
                          Node<"a", Dense<3>, "first">, Node<"b", Dense<3>, "rest">, Node<"both", Concat<>, "a", "b">,
                          Node<"transposed", Permute<1, 0>>, Node<"y", Sequential<Flatten, Dense<2>>>, Out<"y">>;
/// Two inputs through one recurrent tower, each with a state of its own, and their difference.
using SharedRecurrent = Graph<In<"left", 5, 3>, In<"right", 5, 3>,
                              Node<"a", Sequential<Dense<4>, Tanh, GRU<3>>, "left">, Node<"b", Shared<"a">, "right">,
                              Node<"far", Map<abs(in<"a"> - in<"b">)>>, Node<"gated", Multiply, "a", "far">,
                              Node<"sum", Add<>, "gated", "b">, Node<"y", LSTM<2>, "sum">, Out<"y", "far">>;
/// As in WaveNet: what two convolutions make of the same past, one the gate of the other.
using Gated = Graph<In<"x">, Node<"tone", Sequential<Conv1D<2, 2>, Tanh>, "x">,
                    Node<"gate", Sequential<Conv1D<2, 2>, Sigmoid>, "x">, Node<"z", Multiply, "tone", "gate">,
                    Out<"z">>;
/// Two sequences: the second is an input of every copy.
using GatedRecurrent = Graph<In<"x">, In<"c">, Node<"gate", Sequential<Dense<3>, Sigmoid>, "c">, Node<"h", GRU<3>, "x">,
                             Node<"m", Multiply, "h", "gate">, Node<"y", Add<>, "m", "x">, Out<"y">>;
using GatedRecurrentRepeat = Graph<In<"x", 4, 3>, In<"c", 4, 2>, Node<"body", Repeat<2, GatedRecurrent>, "x", "c">,
                                   Node<"y", Dense<2>>, Out<"y">>;
using WaveNet = Sequential<Input<2, 7>, Gated, Concat<Gated, Conv1D<1, 2>>, Conv1D<1, 1>>;

}  // namespace

TEST_CASE("the zoo: graphs of blocks, and over steps") {
  check_table<
      Network<"ConditionedUNet", ConditionedUNet>,            //
      Network<"ConditionedRepeat", ConditionedRepeat>,        //
      Network<"CoupledRepeat", CoupledRepeat>,                //
      Network<"GatedRecurrentRepeat", GatedRecurrentRepeat>,  //
      Network<"EncoderDecoder", EncoderDecoder>,              //
      Network<"SlicedSteps", SlicedSteps>,                    //
      Network<"SharedRecurrent", SharedRecurrent>,            //
      Network<"WaveNet", WaveNet>,                            //
      Network<"GraphInside", Sequential<Input<3>, GatedBlock, Residual<GatedBlock>, Repeat<2, GatedBlock>,
                                        Concat<GatedBlock, Identity>, Dense<2>>>,  //
      Network<"GraphOverSteps", Sequential<Input<4, 3>, TimeDistributed<GatedBlock>, Freeze<GatedBlock>, Dense<2>>>>(
      "Graphs of blocks, and over steps");
}
