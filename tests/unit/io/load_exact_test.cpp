#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

using namespace tenon;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

using Shape = std::vector<std::size_t>;

/// A file of F32 tensors, all `fill`, with these names and shapes; a name may carry another type: "name:F64".
SafeTensors file_with(const std::vector<std::pair<std::string, Shape>>& tensors, double fill = 0) {
  std::string header = "{", data;
  for (const auto& [spec, shape] : tensors) {
    const auto colon = spec.find(':');
    const auto type = colon == spec.npos ? std::string("F32") : spec.substr(colon + 1);
    std::string axes;
    std::size_t count = 1;
    for (const auto axis : shape) {
      axes += (axes.empty() ? "" : ",") + std::to_string(axis);
      count *= axis;
    }
    const auto begin = data.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (type == "F32") {
        const auto bytes = std::bit_cast<std::array<char, 4>>(static_cast<float>(std::min(fill, 1e30)));
        data.append(bytes.data(), bytes.size());
      } else {
        const auto bytes = std::bit_cast<std::array<char, 8>>(fill);
        data.append(bytes.data(), bytes.size());
      }
    }
    header += (header.size() > 1 ? ",\"" : "\"") + spec.substr(0, colon) + R"(":{"dtype":")" + type + R"(","shape":[)" +
              axes + R"(],"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
  }
  header += '}';
  const auto length = std::bit_cast<std::array<char, 8>>(std::uint64_t{header.size()});
  const auto all = std::string(length.data(), 8) + header + data;
  return SafeTensors::parse(std::as_bytes(std::span(all)), "net.safetensors");
}

struct Network {
  Shape weight_shape{2, 3}, bias_shape{2};
  std::vector<float> weight = std::vector<float>(6, -1.0f);
  std::vector<double> bias = std::vector<double>(2, -1.0);
  std::vector<Expected> expected() {
    return {{"0.weight", weight_shape, weight.data()}, {.name = "0.bias", .shape = bias_shape, .f64 = bias.data()}};
  }
  bool untouched() const { return weight == std::vector<float>(6, -1.0f) && bias == std::vector<double>(2, -1.0); }
};

}  // namespace

TEST_CASE("a file with exactly the expected tensors is loaded") {
  Network network;
  load_exact(file_with({{"0.bias", {2}}, {"0.weight:F64", {2, 3}}}, 0.5), network.expected());
  CHECK(network.weight == std::vector<float>(6, 0.5f));
  CHECK(network.bias == std::vector<double>(2, 0.5));
}

TEST_CASE("PyTorch's batch counters are accepted and ignored") {
  Network network;
  load_exact(file_with({{"0.bias", {2}}, {"0.weight", {2, 3}}, {"1.num_batches_tracked:I64", {}}}, 2),
             network.expected());
  CHECK(network.bias[1] == 2.0);
}

TEST_CASE("every difference is listed in one error and nothing is loaded") {
  Network network;
  const auto refused = [&](const SafeTensors& file, const std::string& message) {
    CHECK_THROWS_WITH(load_exact(file, network.expected()), Equals(message));
    CHECK(network.untouched());
  };
  refused(file_with({{"0.weight", {2, 3}}}),
          "net.safetensors: expected exactly the 2 tensors of this network, got 1 (missing: \"0.bias\")");
  refused(file_with({{"0.weight", {2, 3}}, {"0.bias", {2}}, {"2.bias", {4}}}),
          "net.safetensors: expected exactly the 2 tensors of this network, got 3 (not expected: \"2.bias\" (4))");
  refused(file_with({{"0.weight", {3, 2}}, {"0.bias", {2}}}),
          "net.safetensors: expected exactly the 2 tensors of this network, got 2 "
          "(wrong: \"0.weight\" is (3, 2) instead of (2, 3))");
  refused(file_with({{"0.weight:I64", {2, 3}}, {"0.bias", {2}}}),
          "net.safetensors: expected exactly the 2 tensors of this network, got 2 "
          "(wrong: \"0.weight\" is I64 instead of F16, BF16, F32 or F64)");
  refused(file_with({{"weight", {2, 3}}, {"0.bias", {2, 1}}}),
          "net.safetensors: expected exactly the 2 tensors of this network, got 2 (missing: \"0.weight\"; "
          "not expected: \"weight\" (2, 3); wrong: \"0.bias\" is (2, 1) instead of (2))");
}

TEST_CASE("a number too large for its destination leaves the earlier tensors untouched too") {
  const Shape one{1};
  float first = -1.0f, second = -1.0f;
  const std::array expected{Expected{"a", one, &first}, Expected{"b", one, &second}};
  CHECK_THROWS_WITH(load_exact(file_with({{"a", {1}}, {"b:F64", {1}}}, 1e200), expected),
                    Contains("\"b\"") && Contains("1e+200 at index 0"));
  CHECK(first == -1.0f);
}

TEST_CASE("long lists are shortened") {
  std::vector<std::pair<std::string, Shape>> tensors;
  for (int i = 0; i < 30; ++i) tensors.emplace_back("layer" + std::to_string(i), Shape{1});
  CHECK_THROWS_WITH(load_exact(file_with(tensors), {}), Contains("and 22 more"));
}

TEST_CASE("an empty network and a scalar load") {
  load_exact(file_with({}), {});
  float value = 0;
  const std::array expected{Expected{"alpha", {}, &value}};
  load_exact(file_with({{"alpha", {}}}, 0.25), expected);
  CHECK(value == 0.25f);
}
