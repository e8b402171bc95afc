#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "interpret_rig.hpp"

using namespace tenon::test;

TEST_CASE("inputs broadcast from the last axis on") {
  check(one("Add", {counted({2, 3}), floats({3}, {10, 20, 30})}), {2, 3}, {10, 21, 32, 13, 24, 35});
  check(one("Sub", {floats({2, 1}, {1, 2}), floats({1, 2}, {10, 20})}), {2, 2}, {-9, -19, -8, -18});
  check(one("Mul", {floats({}, {3}), floats({2}, {1, 2})}), {2}, {3, 6});
  check(one("Sum", {floats({2}, {1, 2}), floats({1}, {1}), floats({2, 1}, {0, 10})}), {2, 2}, {2, 3, 12, 13});
  check(one("Where", {Array{Type::boolean, {2, 1}, {1, 0}}, floats({}, {5}), counted({2})}), {2, 2}, {5, 5, 0, 1});
  CHECK_THROWS_WITH(one("Add", {counted({2}), counted({3})}), "Add \"n\": 2 and 3 do not broadcast");
}

TEST_CASE("integers are cut and wrap around") {
  const auto of = [](Type type, std::vector<double> values) {
    return Array{type, {static_cast<std::int64_t>(values.size())}, std::move(values)};
  };
  check(one("Div", {ints({7, -7}), ints({2, 2})}), {2}, {3, -3});
  check(one("Mod", {ints({7, -7, 7}), ints({3, 3, -3})}), {3}, {1, 2, -2});
  check(one("Mod", {floats({2}, {-7, 7}), floats({2}, {3, -3})}, {{"fmod", integer(1)}}), {2}, {-1, 1});
  check(one("Add", {of(Type::uint8, {200}), of(Type::uint8, {100})}), {1}, {44});
  check(one("Sub", {of(Type::uint8, {1}), of(Type::uint8, {2})}), {1}, {255});
  check(one("Cast", {floats({3}, {1.9, -1.9, 300})}, {{"to", integer(6)}}), {3}, {1, -1, 300});
  check(one("Cast", {floats({2}, {0, 0.5})}, {{"to", integer(9)}}), {2}, {0, 1});
  check(one("Cast", {floats({3}, {1.0 / 3, 1e5, 2049})}, {{"to", integer(10)}}), {3},
        {0.333251953125, std::numeric_limits<double>::infinity(), 2048});
  CHECK(one("Equal", {ints({1}), ints({1})}).type == Type::boolean);
}

TEST_CASE("unknown values stay unknown, but their axes are known") {
  const Array y = one("Conv", {unknown({1, 3, 224, 224}), unknown({64, 3, 7, 7})},
                      {{"strides", Integers{2, 2}}, {"pads", Integers{3, 3, 3, 3}}});
  CHECK(y.dims == Dims{1, 64, 112, 112});
  CHECK(!numbers_known(y));
  CHECK(!numbers_known(one("Add", {unknown({}), floats({}, {1})})));
  check(one("Shape", {unknown({4, 5, 6})}), {3}, {4, 5, 6});
  check(one("Size", {unknown({4, 5, 6})}), {}, {120});
  check(one("EyeLike", {unknown({2, 2})}), {2, 2}, {1, 0, 0, 1});
  CHECK(one("Reshape", {unknown({4, 6}), ints({0, -1, 2})}).dims == Dims{4, 3, 2});
  CHECK_THROWS_WITH(one("Reshape", {counted({4}), unknown({1}, Type::int64)}),
                    Catch::StartsWith("Reshape \"n\": needs the numbers of input 1"));
}

TEST_CASE("attributes of the past are inputs now") {
  const Array x = counted({2, 3});
  check(one("Slice", {x}, {{"starts", Integers{0, 1}}, {"ends", Integers{1, 100}}}, 9), {1, 2}, {1, 2});
  check(one("Slice", {x, ints({-1}), ints({-100}), ints({1}), ints({-2})}), {2, 2}, {2, 0, 5, 3});
  check(one("Squeeze", {counted({1, 2, 1})}, {{"axes", Integers{0}}}, 11), {2, 1}, {0, 1});
  check(one("Squeeze", {counted({1, 2, 1}), ints({-1})}), {1, 2}, {0, 1});
  check(one("Squeeze", {counted({1, 2, 1})}), {2}, {0, 1});
  check(one("Unsqueeze", {counted({2})}, {{"axes", Integers{0, 2}}}, 11), {1, 2, 1}, {0, 1});
  check(one("Unsqueeze", {counted({2}), ints({-1})}), {2, 1}, {0, 1});
  check(one("ReduceSum", {x}, {{"axes", Integers{1}}, {"keepdims", integer(0)}}, 11), {2}, {3, 12});
  check(one("ReduceSum", {x, ints({1})}), {2, 1}, {3, 12});
  check(one("ReduceSum", {x, ints({})}, {{"noop_with_empty_axes", integer(1)}}), {2, 3}, x.values);
  check(one("ReduceMax", {x}), {1, 1}, {5});
  check(one("Pad", {counted({3})}, {{"pads", Integers{1, 2}}, {"value", 9.0}}, 10), {6}, {9, 0, 1, 2, 9, 9});
  check(one("Pad", {counted({3}), ints({1, -1}), floats({}, {9})}), {3}, {9, 0, 1});
  check(one("Pad", {counted({3}), ints({2, 2})}, {{"mode", "reflect"}}), {7}, {2, 1, 0, 1, 2, 1, 0});
  check(one("Pad", {counted({3}), ints({2, 1})}, {{"mode", "edge"}}), {6}, {0, 0, 0, 1, 2, 2});
  check(one("Clip", {counted({4})}, {{"min", 1.0}, {"max", 2.0}}, 10), {4}, {1, 1, 2, 2});
  check(one("Clip", {counted({4}), std::nullopt, floats({}, {2})}), {4}, {0, 1, 2, 2});
  const auto parts = all("Split", {x}, {{"axis", integer(1)}, {"split", Integers{1, 2}}}, 11, 2);
  check(parts[0], {2, 1}, {0, 3});
  check(parts[1], {2, 2}, {1, 2, 4, 5});
  check(all("Split", {counted({5})}, {{"num_outputs", integer(2)}}, 18, 2)[1], {2}, {3, 4});
  check(one("Softmax", {floats({1, 2, 2}, {0, 0, 0, 0})}, {}, 11), {1, 2, 2},
        {.25, .25, .25, .25});  // all behind axis 1
  check(one("Softmax", {floats({1, 2, 2}, {0, 0, 0, 0})}), {1, 2, 2}, {.5, .5, .5, .5});
  check(one("Softmax", {floats({2}, {1e21, 1e21})}), {2}, {.5, .5});
  check(one("Hardmax", {floats({2, 3}, {1, 3, 3, 2, 1, 0})}), {2, 3}, {0, 1, 0, 1, 0, 0});
  check(all("Dropout", {x, floats({}, {0.5})}, {}, 13, 2)[1], {2, 3}, {1, 1, 1, 1, 1, 1});
  CHECK_THROWS_WITH(one("Dropout", {x, floats({}, {0.5}), Array{Type::boolean, {}, {1}}}), Catch::Contains("training"));
  check(one("Upsample", {counted({1, 2})}, {{"scales", std::vector<double>{1, 2}}}, 7), {1, 4}, {0, 0, 1, 1});
  check(one("Upsample", {counted({1, 2}), floats({2}, {1, 2})}, {}, 9), {1, 4}, {0, 0, 1, 1});
  check(one("Resize", {counted({1, 2}), floats({2}, {1, 2})}, {{"mode", "linear"}}, 10), {1, 4}, {0, .5, 1, 1});
  check(one("Resize", {counted({3}), std::nullopt, floats({1}, {0.7F})},
            {{"coordinate_transformation_mode", "asymmetric"}}, 13),
        {2}, {0, 1});
}

TEST_CASE("graphs are run from top to bottom, and If takes one of its bodies") {
  const auto branch = [](const std::string& op) {
    Graph body;
    body.nodes = {Node{"inside", op, "", {"x", "two"}, {"z"}}};
    body.constants["two"] = floats({}, {2});
    body.outputs = {named("z")};
    return std::vector<Graph>{body};
  };
  Graph graph;
  graph.opset = 17;
  graph.inputs = {named("x")};
  graph.constants["three"] = floats({}, {3});
  graph.constants["yes"] = Array{Type::boolean, {}, {1}};
  Node choice{"choice", "If", "", {"yes"}, {"y"}};
  choice.attributes = {{"then_branch", branch("Mul")}, {"else_branch", branch("Add")}};
  graph.nodes = {Node{"sum", "Add", "", {"x", "three"}, {"s"}}, choice, Node{"end", "Sub", "", {"y", "s"}, {"out"}}};
  graph.outputs = {named("out")};
  check(interpret(graph, {{"x", floats({2}, {1, 5})}}).at(0), {2}, {-2, 2});
  graph.constants["yes"].values = {0};
  check(interpret(graph, {{"x", floats({2}, {1, 5})}}).at(0), {2}, {-1, -1});
  const auto values = interpret_all(graph, {{"x", unknown({2})}});
  CHECK(values.at("s").dims == Dims{2});
  CHECK(values.contains("three"));
  CHECK_THROWS_WITH(interpret(graph, {}), Catch::Contains("the input \"x\" is not given"));
  CHECK_THROWS_WITH(interpret(graph, {{"x", floats({2}, {1})}}), Catch::Contains("1 numbers"));
  graph.nodes[0].inputs[0] = "nowhere";
  CHECK_THROWS_WITH(interpret(graph, {{"x", floats({2}, {1, 5})}}),
                    Catch::Contains("reads \"nowhere\", which nothing gives"));
  CHECK(interprets(choice));
  CHECK_FALSE(interprets(Node{"n", "Loop"}));
  CHECK_FALSE(interprets(Node{"n", "Relu", "com.example"}));
  CHECK_THROWS_WITH(one("Loop", {}), Catch::Contains("Loop \"n\": this operator has no definition"));
}

TEST_CASE("odd shapes and attributes give one clear error") {
  const Array x = counted({2, 3}), image = counted({1, 1, 4, 4});
  const std::int64_t huge = std::int64_t{1} << 62;
  CHECK_THROWS_WITH(one("Add", {x}), Catch::Contains("needs at least 2 inputs"));
  CHECK_THROWS_WITH(one("ConstantOfShape", {ints({1e9, 1e9})}), Catch::Contains("too large"));
  CHECK_THROWS_WITH(one("ConstantOfShape", {ints({-1})}), Catch::Contains("negative size"));
  CHECK_THROWS_WITH(one("Reshape", {x, ints({-1, -1})}), Catch::Contains("only one axis"));
  CHECK_THROWS_WITH(one("Reshape", {x, ints({4})}), Catch::Contains("4 do not hold the numbers of 2 x 3"));
  CHECK_THROWS_WITH(one("Reshape", {x, ints({9e18, 9e18})}), Catch::Contains("Reshape"));
  CHECK_THROWS_WITH(one("Concat", {x, x}, {{"axis", integer(2)}}), Catch::Contains("there is no axis 2"));
  CHECK_THROWS_WITH(one("Concat", {x, counted({3, 3})}, {{"axis", integer(1)}}), Catch::Contains("side by side"));
  CHECK_THROWS_WITH(one("Transpose", {x}, {{"perm", Integers{huge, 0}}}), Catch::Contains("no axis"));
  CHECK_THROWS_WITH(one("Pad", {x, ints({0, 9e18, 0, 0})}), Catch::Contains("as large as 9000000000000000000"));
  CHECK_THROWS_WITH(one("Pad", {x, ints({0, 0, 0, -9.3e18})}), Catch::Contains("Pad"));
  CHECK_THROWS_WITH(one("Pad", {x, ints({0, 0, 9e18, 0})}), Catch::Contains("as large as 9000000000000000000"));
  CHECK_THROWS_WITH(one("Tile", {x, ints({9e18, 1})}), Catch::Contains("Tile"));
  CHECK_THROWS_WITH(one("Split", {x}, {{"split", Integers{huge, huge}}}, 11), Catch::Contains("cannot split"));
  CHECK_THROWS_WITH(one("Slice", {x, ints({0}), ints({1}), ints({0}), ints({0})}), Catch::Contains("steps of 0"));
  CHECK_THROWS_WITH(one("Conv", {image, counted({1, 1, 2, 2})}, {{"pads", Integers{huge, huge, huge, huge}}}),
                    Catch::Contains("pads"));
  CHECK_THROWS_WITH(one("Conv", {image, counted({1, 1, 2, 2})}, {{"group", integer(0)}}), Catch::Contains("groups"));
  CHECK_THROWS_WITH(one("Conv", {image, counted({1, 1, 0, 2})}), Catch::Contains("not possible"));
  CHECK_THROWS_WITH(one("MaxPool", {image}), Catch::Contains("windows"));
  CHECK_THROWS_WITH(one("MaxPool", {image}, {{"kernel_shape", Integers{2, huge}}}), Catch::Contains("not possible"));
  CHECK_THROWS_WITH(one("MaxPool", {image}, {{"kernel_shape", "2"}}), Catch::Contains("kernel_shape has to be a list"));
  CHECK_THROWS_WITH(one("MatMul", {x, x}), Catch::Contains("cannot multiply 2 x 3 by 2 x 3"));
  CHECK_THROWS_WITH(one("Gemm", {x, counted({3, 2})}, {{"transB", integer(1)}}),
                    Catch::Contains("cannot multiply 2 x 3 by the transpose of 3 x 2"));
  CHECK_THROWS_WITH(one("Einsum", {x, x}, {{"equation", "ij"}}), Catch::Contains("fewer inputs"));
  CHECK_THROWS_WITH(one("Einsum", {x}, {{"equation", "ij->ik"}}), Catch::Contains("not of any input"));
  CHECK_THROWS_WITH(one("DepthToSpace", {image}, {{"blocksize", integer(0)}}), Catch::Contains("size 0"));
  CHECK_THROWS_WITH(one("Cast", {x}, {{"to", integer(8)}}), Catch::Contains("type 8"));
  CHECK_THROWS_WITH(one("Cast", {x}, {{"to", "float"}}), Catch::Contains("to has to be an integer"));
  CHECK_THROWS_WITH(one("Range", {floats({}, {0}), floats({}, {1}), floats({}, {0})}), Catch::Contains("steps of 0"));
  CHECK_THROWS_WITH(one("Resize", {x, std::nullopt, floats({2}, {0, 1})}), Catch::Contains("cannot scale"));
  CHECK_THROWS_WITH(one("LRN", {image}, {{"size", integer(0)}}), Catch::Contains("0 channels"));
  CHECK_THROWS_WITH(one("Relu", {unknown({1, -1})}), Catch::Contains("input 0 has an axis whose size is not known"));
  CHECK_THROWS_WITH(one("Relu", {unknown({huge, huge})}), Catch::Contains("too large"));
  CHECK_THROWS_WITH(one("Relu", {floats({2}, {1})}), Catch::Contains("input 0 of 2 has 1 numbers"));
  check(one("Add", {counted({0, 3}), counted({3})}), {0, 3}, {});
  check(one("Softmax", {counted({0, 3})}), {0, 3}, {});
  check(one("Softmax", {counted({3, 0})}), {3, 0}, {});
  check(one("MatMul", {counted({2, 0}), counted({0, 2})}), {2, 2}, {0, 0, 0, 0});
  check(one("Concat", {counted({0}), counted({2})}, {{"axis", integer(0)}}), {2}, {0, 1});
  check(one("LpNormalization", {counted({0, 3})}), {0, 3}, {});
}
