#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include <tenon/error.hpp>

#include "import/interpret.hpp"

using namespace tenon::importing;

namespace {

Array floats(Dims dims, std::vector<double> values) { return {Type::float32, std::move(dims), std::move(values)}; }
Array ints(std::vector<double> values) { return {Type::int64, {static_cast<std::int64_t>(values.size())}, std::move(values)}; }
Array counted(Dims dims) {
  Array array{Type::float32, dims, {}};
  for (std::int64_t i = 0; i < count_of(dims); ++i) array.values.push_back(static_cast<double>(i));
  return array;
}
Array unknown(Dims dims, Type type = Type::float32) { return {type, std::move(dims), {}}; }

using Attributes = std::map<std::string, Attribute>;

/// All results of an operator; an input without axes named "absent" is none.
std::vector<Array> all(const std::string& op, const std::vector<std::optional<Array>>& inputs, const Attributes& attributes = {},
                       std::int64_t opset = 17, std::size_t outputs = 1) {
  Node node{"n", op};
  std::vector<const Array*> pointers;
  for (const auto& input : inputs) {
    node.inputs.push_back(input ? "x" : "");
    pointers.push_back(input ? &*input : nullptr);
  }
  node.outputs.assign(outputs, "y");
  node.attributes = attributes;
  return evaluate(node, opset, pointers);
}

Array one(const std::string& op, const std::vector<std::optional<Array>>& inputs, const Attributes& attributes = {},
          std::int64_t opset = 17) {
  return all(op, inputs, attributes, opset).at(0);
}

void check(const Array& found, const Dims& dims, const std::vector<double>& values) {
  CHECK(found.dims == dims);
  REQUIRE(found.values.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    if (std::isnan(values[i])) CHECK(std::isnan(found.values[i]));
    else CHECK(found.values[i] == Approx(values[i]).margin(1e-9));
  }
}

template <class F> std::string message_of(F f) {
  try {
    f();
  } catch (const tenon::Error& error) {
    return error.what();
  }
  return "no error";
}

using Integers = std::vector<std::int64_t>;
std::int64_t whole_number(std::int64_t value) { return value; }

}  // namespace

TEST_CASE("inputs broadcast from the last axis on") {
  check(one("Add", {counted({2, 3}), floats({3}, {10, 20, 30})}), {2, 3}, {10, 21, 32, 13, 24, 35});
  check(one("Sub", {floats({2, 1}, {1, 2}), floats({1, 2}, {10, 20})}), {2, 2}, {-9, -19, -8, -18});
  check(one("Mul", {floats({}, {3}), floats({2}, {1, 2})}), {2}, {3, 6});
  check(one("Sum", {floats({2}, {1, 2}), floats({1}, {1}), floats({2, 1}, {0, 10})}), {2, 2}, {2, 3, 12, 13});
  check(one("Where", {Array{Type::boolean, {2, 1}, {1, 0}}, floats({}, {5}), counted({2})}), {2, 2}, {5, 5, 0, 1});
  CHECK(message_of([] { one("Add", {counted({2}), counted({3})}); }) == "Add \"n\": 2 and 3 do not broadcast");
}

TEST_CASE("integers are cut and wrap around") {
  const auto of = [](Type type, std::vector<double> values) {
    return Array{type, {static_cast<std::int64_t>(values.size())}, std::move(values)};
  };
  check(one("Div", {ints({7, -7}), ints({2, 2})}), {2}, {3, -3});
  check(one("Mod", {ints({7, -7, 7}), ints({3, 3, -3})}), {3}, {1, 2, -2});
  check(one("Mod", {floats({2}, {-7, 7}), floats({2}, {3, -3})}, {{"fmod", whole_number(1)}}), {2}, {-1, 1});
  check(one("Add", {of(Type::uint8, {200}), of(Type::uint8, {100})}), {1}, {44});
  check(one("Sub", {of(Type::uint8, {1}), of(Type::uint8, {2})}), {1}, {255});
  check(one("Cast", {floats({3}, {1.9, -1.9, 300})}, {{"to", whole_number(6)}}), {3}, {1, -1, 300});
  check(one("Cast", {floats({2}, {0, 0.5})}, {{"to", whole_number(9)}}), {2}, {0, 1});
  check(one("Cast", {floats({3}, {1.0 / 3, 1e5, 2049})}, {{"to", whole_number(10)}}), {3},
        {0.333251953125, std::numeric_limits<double>::infinity(), 2048});
  CHECK(one("Equal", {ints({1}), ints({1})}).type == Type::boolean);
}

TEST_CASE("what is not known stays unknown, but its axes are told") {
  const Array y = one("Conv", {unknown({1, 3, 224, 224}), unknown({64, 3, 7, 7})},
                      {{"strides", Integers{2, 2}}, {"pads", Integers{3, 3, 3, 3}}});
  CHECK(y.dims == Dims{1, 64, 112, 112});
  CHECK(!numbers_known(y));
  CHECK(!numbers_known(one("Add", {unknown({}), floats({}, {1})})));
  check(one("Shape", {unknown({4, 5, 6})}), {3}, {4, 5, 6});
  check(one("Size", {unknown({4, 5, 6})}), {}, {120});
  check(one("EyeLike", {unknown({2, 2})}), {2, 2}, {1, 0, 0, 1});
  CHECK(one("Reshape", {unknown({4, 6}), ints({0, -1, 2})}).dims == Dims{4, 3, 2});
  CHECK_THROWS_WITH(one("Reshape", {counted({4}), unknown({1}, Type::int64)}), Catch::StartsWith("Reshape \"n\": needs the numbers of input 1"));
}

TEST_CASE("convolutions") {
  check(one("Conv", {counted({1, 1, 3, 3}), floats({1, 1, 2, 2}, {1, 2, 3, 4}), floats({1}, {100})}), {1, 1, 2, 2},
        {127, 137, 157, 167});
  check(one("Conv", {counted({1, 1, 5}), floats({1, 1, 2}, {1, 10})}, {{"strides", Integers{2}}, {"pads", Integers{1, 0}}}), {1, 1, 3},
        {0, 21, 43});
  check(one("Conv", {counted({1, 1, 5}), floats({1, 1, 2}, {1, 10})}, {{"dilations", Integers{3}}}), {1, 1, 2}, {30, 41});
  check(one("Conv", {counted({1, 1, 4}), floats({1, 1, 2}, {1, 10})}, {{"auto_pad", "SAME_UPPER"}}), {1, 1, 4}, {10, 21, 32, 3});
  check(one("Conv", {counted({1, 1, 4}), floats({1, 1, 2}, {1, 10})}, {{"auto_pad", "SAME_LOWER"}}), {1, 1, 4}, {0, 10, 21, 32});
  check(one("Conv", {counted({1, 2, 2}), floats({2, 1, 1}, {1, 10})}, {{"group", whole_number(2)}}), {1, 2, 2}, {0, 1, 20, 30});
  check(one("Conv", {counted({1, 2, 2, 2}), floats({1, 2, 1, 1}, {1, 10})}), {1, 1, 2, 2}, {40, 51, 62, 73});
  check(one("ConvTranspose", {floats({1, 1, 2}, {1, 2}), floats({1, 1, 3}, {1, 10, 100})}, {{"strides", Integers{2}}}), {1, 1, 5},
        {1, 10, 102, 20, 200});
  check(one("ConvTranspose", {floats({1, 1, 2}, {1, 2}), floats({1, 1, 3}, {1, 10, 100})},
            {{"strides", Integers{2}}, {"pads", Integers{1, 1}}, {"output_padding", Integers{1}}}),
        {1, 1, 4}, {10, 102, 20, 200});
  CHECK_THROWS_WITH(one("Conv", {counted({1, 2, 4}), counted({1, 1, 2})}), Catch::Contains("does not fit"));
  CHECK_THROWS_WITH(one("Conv", {counted({1, 1, 4}), counted({1, 1, 5})}), Catch::Contains("reaches over 5"));
  CHECK_THROWS_WITH(one("Conv", {counted({1, 1, 4}), counted({1, 1, 2})}, {{"strides", Integers{0}}}), Catch::Contains("strides"));
}
