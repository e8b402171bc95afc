#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <tenon/layers/map.hpp>
#include <tenon/net/hana.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/networks/last_layer.hpp>

#include "support/gradient_check.hpp"
#include "support/test_layers.hpp"

using namespace tenon;
using namespace test_layers;
using test::check_gradients;
using test::NetworkRun;

namespace {

/// All parameters' names, one behind the other.
template <class Net>
std::string names() {
  std::string all;
  for (const ParameterEntry& entry : parameter_table<Net>) all += std::string(entry.name) + " ";
  return all;
}

/// What evaluation gives for inputs 1, 2, 3, ... / 8 and parameters that count on likewise.
template <class Net>
std::vector<double> values(std::size_t batch = 2) {
  NetworkRun<Net, double> run{batch};
  double next = 1;
  for (std::size_t s = 0; s < batch; ++s)
    for (std::size_t i = 0; i < run.x.length(); ++i) run.x(s, i) = next++ / 8;
  next = -3;
  for (const ParameterEntry& entry : parameter_table<Net>)
    if (entry.trainable)
      for (double& value : run.parameter(entry)) value = next++ / 16;
  run.forward(Evaluation{});
  return run.y.values();
}

using Two = Graph<In<"image", 2, 3>, In<"table", 4>,                                //
                  Node<"seen", Sequential<Flatten, Affine<3>, HyperTan>, "image">,  //
                  Node<"known", Sequential<Affine<2>, Square>, "table">,            //
                  Node<"both", Concat<>, "seen", "known">,                          //
                  Node<"digit", Sequential<Affine<4>, HyperTan>, "both">,           //
                  Node<"value", Affine<1>, "both">,                                 //
                  Out<"digit", "value">>;

template <class L>
using Chained = Graph<In<"x", 4>, Node<"a", Affine<4>>, Node<"b", L>, Node<"c", Affine<3>>, Out<"c">>;

}  // namespace

TEST_CASE("a graph is known by the names of its nodes") {
  CHECK(names<Two>() ==
        "seen.1.weight seen.1.bias known.0.weight known.0.bias digit.0.weight digit.0.bias value.weight value.bias ");
  STATIC_REQUIRE(std::is_same_v<input_shape<Two>, Inputs<Shape<2, 3>, Shape<4>>>);
  STATIC_REQUIRE(std::is_same_v<output_shape<Two>, Outputs<Shape<4>, Shape<1>>>);
  STATIC_REQUIRE(parameter_count<Two> == (6 * 3 + 3) + (4 * 2 + 2) + (5 * 4 + 4) + (5 + 1));
  STATIC_REQUIRE(std::is_same_v<output_shape<Chained<Square>>, Shape<3>>);
  CHECK(layer_table<Two>[4].path == "known");
  CHECK(layer_table<Two>[7].path == "both");
  CHECK(unit_table<Two>.size() == 7);
}

TEST_CASE("a graph of a chain gives what the chain gives") {
  CHECK(values<Chained<Square>>() == values<Sequential<Affine<4, 4>, Square, Affine<3>>>());
  CHECK(values<Chained<Residual<Affine<4>>>>() == values<Sequential<Affine<4, 4>, Residual<Affine<4>>, Affine<3>>>());
}

TEST_CASE("several inputs and outputs") {
  check_gradients<Two>();
  // read by order from one row: the image's 6 numbers, then the table's 4
  using Swapped = Graph<In<"a", 2>, In<"b", 2>, Node<"sum", Add<>, "b", "a">, Node<"first", Affine<1>, "a">,
                        Out<"sum", "first">>;
  CHECK(values<Swapped>(1) == std::vector<double>{(1. + 3) / 8, (2. + 4) / 8, (-3. / 8 - 2. * 2 / 8 - 1) / 16});
  check_gradients<Swapped>();
}

TEST_CASE("a value may be read by many, and be an output besides") {
  check_gradients<Graph<In<"x", 3>, Node<"h", Affine<3>>, Node<"a", Square, "h">, Node<"b", HyperTan, "h">,
                        Node<"y", Add<>, "a", "h", "b", "h">, Out<"y", "h">>>();
  check_gradients<
      Graph<In<"x", 3>, Node<"twice", Add<>, "x", "x">, Node<"all", Concat<>, "x", "twice", "x">, Out<"all">>>();
  check_gradients<Graph<In<"x", 3>, Node<"a", Square>, Node<"b", Square, "x">, Node<"c", Square, "x">,
                        Node<"s", Add<>, "a", "b", "c">, Node<"y", HyperTan>, Out<"y">>>();
  check_gradients<Graph<In<"x", 2>, Node<"h", HyperTan>, Node<"y", Affine<2>>, Out<"h", "y">>>();
  // an input that is an output
  check_gradients<Graph<In<"x", 2>, In<"z", 1>, Node<"y", Affine<2>, "x">, Out<"z", "y", "x">>>();
}

TEST_CASE("joins of joins, sums of sums and reshapes move nothing twice") {
  check_gradients<Graph<In<"x", 2>, Node<"a", Affine<2>>, Node<"b", Affine<3>, "x">, Node<"ab", Concat<>, "a", "b">,
                        Node<"c", HyperTan, "ab">, Node<"abc", Concat<>, "ab", "c">, Node<"d", Affine<2>, "abc">,
                        Node<"abcd", Concat<>, "abc", "d">, Out<"abcd">>>();
  check_gradients<Graph<In<"x", 4>, Node<"a", Affine<4>>, Node<"s", Add<>, "a", "x">, Node<"b", Square, "s">,
                        Node<"t", Add<>, "s", "b">, Node<"c", HyperTan, "t">, Node<"u", Add<>, "t", "c">, Out<"u">>>();
  check_gradients<Graph<In<"x", 2, 3>, Node<"flat", Flatten>, Node<"a", Affine<6>>, Node<"back", Reshape<2, 3>>,
                        Node<"y", Concat<>, "x", "back">, Out<"y", "flat">>>();
  check_gradients<Graph<In<"x", 2, 3>, Node<"flat", Flatten>, Node<"again", Reshape<3, 2>>, Out<"again">>>();
  // in memory: the parts of the dense block lie in the output, nothing else is needed for evaluation
  using Dense3 = Graph<In<"x", 16>, Node<"a", HyperTan>, Node<"xa", Concat<>, "x", "a">, Node<"b", HyperTan, "xa">,
                       Node<"y", Concat<>, "xa", "b">, Out<"y">>;
  STATIC_REQUIRE(workspace<Dense3>.needs.inference.sample == 0);
  STATIC_REQUIRE(workspace<Dense3>.needs.saved.sample == 0);  // HyperTan reads its output, which is the network's
  check_gradients<Dense3>();
}

TEST_CASE("nodes share layers and parameters") {
  using Twins = Graph<In<"a", 3>, In<"b", 3>, Node<"left", Sequential<Affine<4>, HyperTan, Affine<2>>, "a">,
                      Node<"right", Shared<"left">, "b">, Node<"third", Shared<"right">, "a">,
                      Node<"y", Concat<>, "left", "right", "third">, Out<"y">>;
  CHECK(names<Twins>() == "left.0.weight left.0.bias left.2.weight left.2.bias ");
  STATIC_REQUIRE(parameter_count<Twins> == 3 * 4 + 4 + 4 * 2 + 2);
  check_gradients<Twins>();
  const auto y = values<Twins>(1);
  CHECK(y[0] == y[4]);
  CHECK(y[1] == y[5]);
  using Pass = Graph<In<"x", 3>, Node<"a", Affine<3>>, Node<"b", HyperTan>, Node<"c", Shared<"a">>,
                     Node<"y", Affine<1>>, Out<"y">>;
  CHECK(names<Pass>() == "a.weight a.bias y.weight y.bias ");
  check_gradients<Pass>();
}

TEST_CASE("a graph is a layer") {
  using Block = Graph<In<"x">, Node<"h", Affine<3>>, Node<"t", HyperTan>, Node<"y", Add<>, "t", "x">, Out<"y">>;
  using Net = Sequential<Input<3>, Repeat<3, Block>, Residual<Block>, Concat<Block, Named<"other", Block>>>;
  CHECK(names<Net>() == "0.0.h.weight 0.0.h.bias 0.1.h.weight 0.1.h.bias 0.2.h.weight 0.2.h.bias 1.0.h.weight "
                        "1.0.h.bias 2.0.h.weight 2.0.h.bias "
                        "2.other.h.weight 2.other.h.bias ");
  check_gradients<Net>();

  // a block of two inputs, its second the same at every level
  using Timed = Graph<In<"x">, In<"t">, Node<"a", Affine<4>, "x">, Node<"b", Affine<4>, "t">,
                      Node<"s", Add<>, "a", "b">, Node<"y", HyperTan>, Out<"y">>;
  using Deep = Graph<In<"x", 4>, In<"t", 2>, Node<"one", Timed, "x", "t">, Node<"two", Timed, "one", "t">,
                     Node<"last", Affine<1>>, Out<"last">>;
  CHECK(names<Deep>() == "one.a.weight one.a.bias one.b.weight one.b.bias two.a.weight two.a.bias two.b.weight "
                         "two.b.bias last.weight last.bias ");
  check_gradients<Deep>();
}

TEST_CASE("one output of a node that gives several") {
  using Encoder = Graph<In<"x">, Node<"h", Affine<3>>, Node<"mean", Affine<2>, "h">, Node<"spread", HyperTan, "h">,
                        Out<"mean", "spread">>;
  using Net = Graph<In<"x", 4>, In<"z", 4>, Node<"enc", Encoder, "x">, Node<"a", Affine<2>, "enc.spread">,
                    Node<"y", Add<>, "a", "enc.mean">, Node<"again", Shared<"enc">, "z">,
                    Node<"v", Affine<1>, "again.mean">, Node<"all", Affine<2>, "enc">,
                    Out<"y", "enc.spread", "v", "all">>;
  CHECK(names<Net>() ==
        "enc.h.weight enc.h.bias enc.mean.weight enc.mean.bias a.weight a.bias v.weight v.bias all.weight all.bias ");
  STATIC_REQUIRE(std::is_same_v<output_shape<Net>, Outputs<Shape<2>, Shape<3>, Shape<1>, Shape<2>>>);
  check_gradients<Net>();
  // number for number what the same nodes give without an inner graph
  using Flat = Graph<In<"x", 4>, Node<"h", Affine<3>>, Node<"mean", Affine<2>, "h">, Node<"spread", HyperTan, "h">,
                     Node<"a", Affine<2>, "spread">, Node<"y", Add<>, "a", "mean">, Out<"y", "spread">>;
  using Nested = Graph<In<"x", 4>, Node<"enc", Named<"inner", Encoder>>, Node<"a", Affine<2>, "enc.spread">,
                       Node<"y", Add<>, "a", "enc.mean">, Out<"y", "enc.spread">>;
  CHECK(values<Flat>() == values<Nested>());
  STATIC_REQUIRE(std::is_same_v<detail::cut_last<Nested>::rest, Sequential<>>);
  STATIC_REQUIRE(contains_layer<Net, HyperTan>);
  // a graph that reads outputs is a block as any other
  using Block = Graph<In<"x">, Node<"enc", Encoder>, Node<"y", Sequential<Affine<4>, HyperTan>, "enc.spread">,
                      Node<"s", Affine<4>, "enc.mean">, Node<"sum", Add<>, "y", "s", "x">, Out<"sum">>;
  check_gradients<Sequential<Input<4>, Repeat<2, Block>, Residual<Block>>>();
}

TEST_CASE("what nobody wants a gradient of is left out") {
  // only the branch behind b learns: a's gradient is not computed without dx
  using Net = Graph<In<"x", 3>, Node<"a", Square>, Node<"b", Affine<3>, "x">, Node<"y", Add<>, "a", "b">, Out<"y">>;
  check_gradients<Net>();
  check_gradients<Graph<In<"x", 3>, Node<"a", Square>, Node<"y", HyperTan>, Out<"y">>>();
  check_gradients<
      Sequential<Input<3>, Freeze<Graph<In<"x">, Node<"a", Square>, Node<"y", HyperTan>, Out<"y">>>, Affine<2>>>();
}

TEST_CASE("a formula names what it takes") {
  using Sum = Graph<In<"a", 3>, In<"b", 3>, Node<"y", Map<in<"b"> * in<"b"> - exp(in<"a">)>>, Out<"y">>;
  check_gradients<Sum>();
  const auto y = values<Sum>(1);
  for (std::size_t i = 0; i < 3; ++i) {
    const double b = (4. + static_cast<double>(i)) / 8;
    CHECK(y[i] == Approx(b * b - std::exp(b - 3. / 8)));
  }
  // rows, parameters, one input read by two formulas
  check_gradients<Graph<
      In<"a", 2, 3>, In<"b", 2, 3>,
      Node<"y", Map<in<"a"> * param<"gate"> + in<"b"> / sqrt(variance(in<"b">) + 0.1) * param<"scale", PerFeature>>>,
      Node<"z", Map<select(in<"y"> > in<"a">, in<"y">, in<"a"> * 0.5)>>, Out<"z">>>();
  // per channel
  check_gradients<Graph<In<"a", 2, 2, 2>, In<"b", 2, 2, 2>,
                        Node<"y", Map<in<"a"> * param<"scale", PerFeature> - in<"b">>>, Out<"y">>>();
  // one side gets no gradient
  check_gradients<
      Graph<In<"a", 3>, In<"b", 3>, Node<"y", Map<select(in<"a"> > 0, in<"b">, 1 - 2 * in<"b">)>>, Out<"y", "a">>>();
}

TEST_CASE("random numbers are drawn in training only") {
  using Code = Graph<In<"x", 3>, Node<"mean", Affine<5>, "x">, Node<"log_variance", Affine<5>, "x">,
                     Node<"code", Map<in<"mean"> + exp(in<"log_variance"> / 2) * normal_noise>>,
                     Node<"jitter", Map<in<"code"> + 0.5 * uniform_noise>>, Out<"jitter", "mean">>;
  check_gradients<Code>();
  NetworkRun<Code, double> run{2};
  for (std::size_t s = 0; s < 2; ++s)
    for (std::size_t i = 0; i < 3; ++i) run.x(s, i) = 1;
  for (const ParameterEntry& entry : parameter_table<Code>)
    for (double& value : run.parameter(entry)) value = 0.1;
  run.forward(Evaluation{});
  for (std::size_t i = 0; i < 5; ++i) CHECK(run.y(0, i) == run.y(0, 5 + i));
  run.forward(Training{});
  CHECK(run.y(0, 0) != run.y(0, 5));
  CHECK(run.y(0, 0) != run.y(1, 0));  // each sample its own
  CHECK(run.y(0, 0) != run.y(0, 1));
}
