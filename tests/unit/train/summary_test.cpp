#include <tenon/train/summary.hpp>

#include <string>

#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/flatten.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/sgd.hpp>

using Catch::Matchers::Contains;
using namespace tenon;

TEST_CASE("a network as a table") {
  using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<128, 10>, Softmax>;
  CHECK(summary_text(Model<Net>{1}) == R"( Model
------------------------------------------------
 Layer                Output shape   Parameters
================================================
 0  Dense<784, 128>   (128)             100,480
 1  ReLU              (128)                   0
 2  Dropout<0.5>      (128)                   0
 3  Dense<128, 10>    (10)                1,290
 4  Softmax           (10)                    0
================================================
 Parameters                             101,770
   trainable                            101,770
   frozen                                     0
 Memory
   parameters                         397.5 KiB
   training, batch 64                   1.7 MiB
   inference, batch 64                433.6 KiB
------------------------------------------------
)");
}

TEST_CASE("parts, blocks and branches are indented, and copies counted") {
  using Net = Sequential<Named<"encoder", Sequential<Dense<6, 8>, ReLU>>, Repeat<3, Residual<Dense<8>, Tanh>>,
                         Concat<Dense<2>, Dense<1>>>;
  CHECK_THAT(summary_text(Model<Net>{1}), Contains(R"(
 encoder  Sequential        (8)                     0
   encoder.0  Dense<6, 8>   (8)                    56
   encoder.1  ReLU          (8)                     0
 1  Repeat                  (8)                     0
   1.0  Residual x 3        (8)                     0
     1.0.0  Dense<8> x 3    (8)                   216
     1.0.1  Tanh x 3        (8)                     0
 2  Concat                  (3)                     0
   2.0  Dense<2>            (2)                    18
   2.1  Dense<1>            (1)                     9
======================================================
 Parameters                                       299
)"));
}

TEST_CASE("networks with several inputs and outputs have a summary too") {
  using Net = Graph<In<"image", 6>, In<"table", 2>, Node<"seen", Dense<4>, "image">,
                    Node<"both", Concat<>, "seen", "table">, Node<"digit", Sequential<Dense<10>, Softmax>, "both">,
                    Node<"value", Dense<1>, "both">, Out<"digit", "value">>;
  const std::string text = summary_text(Model<Net>{1});
  CHECK_THAT(text, Contains("digit.0  Dense<10>"));
  CHECK_THAT(text, Contains("105\n   frozen"));
  CHECK(training_bytes<Net, SGD>(8) > inference_bytes<Net>(8));
}

TEST_CASE("the memory is that of the optimizer, the batch and the precision") {
  using Net = Sequential<Dense<784, 128>, ReLU, Dense<10>>;
  const Model<Net> model{1};
  const Model<Net, double> wide{1};
  const auto line = [](std::string_view what, std::size_t bytes, std::string_view text) {
    const auto begin = text.find(what);
    REQUIRE(begin != std::string_view::npos);
    const auto end = text.find('\n', begin);
    const std::string expected = format_bytes(bytes);
    INFO(text.substr(begin, end - begin));
    CHECK(text.substr(0, end).ends_with(" " + expected));
  };
  line("training, batch 1,000", training_bytes<Net, Adam>(1000), summary_text(model, 1000));
  line("training, batch 1,000", training_bytes<Net, SGD>(1000), summary_text<SGD>(model, 1000));
  line("training, batch 64", training_bytes<Net, Adam, double>(64), summary_text(wide));
  line("inference, batch 7", inference_bytes<Net>(7), summary_text(model, 7));
  line("  parameters", 4 * 101'770, summary_text(model));
  CHECK(training_bytes<Net, SGD>(64) < training_bytes<Net, Adam>(64));
}

TEST_CASE("the nodes of a graph say what they are connected to, and count what they share once") {
  using Tower = Sequential<Dense<4>, ReLU>;
  using Net = Graph<In<"left", 3>, In<"right", 3>, In<"table", 2, 2>, Node<"a", Tower, "left">,
                    Node<"b", Shared<"a">, "right">, Node<"both", Concat<>, "a", "b">,
                    Node<"digit", Sequential<Dense<10>, Softmax>, "both">, Node<"flat", Flatten, "table">,
                    Node<"value", Dense<1>, "flat">, Out<"digit", "value">>;
  CHECK_THAT(summary_text(Model<Net>{1}), Contains(R"( Model
------------------------------------------------------------------------
 Layer                         Output shape   Parameters   Connected to
========================================================================
 left  In                      (3)                     0
 right  In                     (3)                     0
 table  In                     (2, 2)                  0
 a  Sequential                 (4)                     0   left
   a.0  Dense<4>               (4)                    16
   a.1  ReLU                   (4)                     0
 b  Sequential shared with a   (4)                     0   right
   b.0  Dense<4>               (4)                     0
   b.1  ReLU                   (4)                     0
 both  Concat<>                (8)                     0   a, b
 digit  Sequential             (10)                    0   both
   digit.0  Dense<10>          (10)                   90
   digit.1  Softmax            (10)                    0
 flat  Flatten                 (4)                     0   table
 value  Dense<1>               (1)                     5   flat
 Out                           (10)                    0   digit
 Out                           (1)                     0   value
========================================================================
 Parameters                                                         111
   trainable                                                        111
)"));
  // inside another network, whose outputs are those of the block that ends it
  using Block = Graph<In<"x">, Node<"a", Dense<2>>, Node<"b", Dense<3>, "x">, Out<"a", "b">>;
  const std::string inside = summary_text(Model<Sequential<Dense<4, 4>, Block>>{1});
  CHECK_THAT(inside, Contains(R"(
 1  Graph          (2), (3)                0
   1.x  In         (4)                     0
   1.a  Dense<2>   (2)                    10   x
   1.b  Dense<3>   (3)                    15   x
   1  Out          (2)                     0   a
   1  Out          (3)                     0   b
============================================================
 Parameters                                              45
)"));
  CHECK_THAT(inside, Contains("training, batch 64                              19.8 KiB\n"));
}
