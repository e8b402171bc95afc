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
using SharedThreeTimes = Graph<In<"x", 4>, Node<"a", Sequential<Dense<4>, Tanh>>, Node<"b", Shared<"a">>,
                               Node<"c", Shared<"a">>, Node<"y", Add<>, "a", "b", "c">, Out<"y">>;
using Vae = Graph<In<"x", 6>, Node<"mean", Dense<2>, "x">, Node<"log_variance", Dense<2>, "x">,
                  Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                  Node<"decoder", Sequential<Dense<6>, Sigmoid>>, Out<"decoder", "mean", "log_variance">>;
using Dense3 = Graph<In<"x", 4>, Node<"a", Sequential<Dense<2>, Tanh>>, Node<"xa", Concat<>, "x", "a">,
                     Node<"b", Sequential<Dense<2>, Tanh>>, Node<"xab", Concat<>, "xa", "b">, Node<"y", Dense<2>>,
                     Out<"y">>;
using InputAsOutput = Graph<In<"x", 3>, In<"z", 2>, Node<"h", Sequential<BatchNorm1D<>, Dense<3>>, "x">,
                            Node<"y", Tanh>, Out<"y", "z", "h">>;
using Encoder = Graph<In<"x">, Node<"mean", Dense<2>, "x">, Node<"spread", Sequential<Dense<2>, Tanh>, "x">,
                      Out<"mean", "spread">>;
using OutputsOfNode = Graph<In<"x", 4>, Node<"code", Encoder>, Node<"y", Dense<2>, "code.spread">,
                            Node<"sum", Add<>, "y", "code.mean">, Out<"sum", "code.mean">>;
/// A split of what a split gives: one part is an output of the network, and one is not read.
using SplitOfSplit = Graph<In<"x", 6, 4>, Node<"halves", Split<0, 4, 2>>,
                           Node<"long", Sequential<Dense<6>, Tanh>, "halves.0">, Node<"thirds", Split<-1, 3>>,
                           Node<"gated", Multiply, "thirds.2", "thirds.0">, Node<"y", Sequential<Flatten, Dense<3>>>,
                           Out<"y", "halves.1">>;

}  // namespace

TEST_CASE("the zoo: graphs") {
  check_table<Network<"TwoInputs", TwoInputs>,                //
              Network<"TwoOutputs", TwoOutputs>,              //
              Network<"Siamese", Siamese>,                    //
              Network<"SharedThreeTimes", SharedThreeTimes>,  //
              Network<"Vae", Vae>,                            //
              Network<"DenseGraph", Dense3>,                  //
              Network<"InputAsOutput", InputAsOutput>,        //
              Network<"OutputsOfNode", OutputsOfNode>,        //
              Network<"SplitOfSplit", SplitOfSplit>>("Graphs");
}
