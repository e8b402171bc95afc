// Run by tests/interop/safetensors_python.py, which writes the file read here and checks the file written here.
#include <tenon/io/safetensors.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

using namespace tenon;

namespace {

std::optional<std::string> exchange_directory() {
  if (const char* directory = std::getenv("TENON_INTEROP_DIR"); directory != nullptr && *directory != '\0')
    return directory;
  WARN("skipped: TENON_INTEROP_DIR is not set; tests/interop/safetensors_python.py sets it");
  return std::nullopt;
}

const TensorMetadata metadata{{"format", "pt"}, {"note", "größer \"quoted\"\n"}};
const std::vector<float> weight{-1.0f, -0.5f, 0.0f, 0.5f, 1.0f, 1.5f};
const std::vector<float> bias{1e-40f, -0.0f, 3.0e38f};
const std::vector<double> variance{1.0 / 3.0, -1e300};
const std::vector<float> scalar{2.5f};
const std::vector<float> size{7.0f};

}  // namespace

TEST_CASE("Python reads what Tenon writes") {
  const auto directory = exchange_directory();
  if (!directory) return;
  const std::vector<TensorView> tensors{{"0.weight", {2, 3}, std::span<const float>(weight)},
                                        {"0.bias", {3}, std::span<const float>(bias)},
                                        {"running.variance", {2}, std::span<const double>(variance)},
                                        {"scalar", {}, std::span<const float>(scalar)},
                                        {"empty", {0, 4}, std::span<const float>()},
                                        {"größe", {1}, std::span<const float>(size)}};
  write_safetensors(*directory + "/from_tenon.safetensors", tensors, metadata);
}

TEST_CASE("Tenon reads what Python writes") {
  const auto directory = exchange_directory();
  if (!directory) return;
  const auto file = SafeTensors::read(*directory + "/from_python.safetensors");
  CHECK(file.metadata() == metadata);

  const std::vector<std::size_t> shape_weight{2, 3}, shape_3{3}, shape_2{2}, shape_1{1}, shape_4{4}, shape_empty{0, 4};
  std::vector<float> got_weight(6), got_bias(3), got_scalar(1), got_size(1), half(4), brain(2);
  std::vector<double> got_variance(2);
  const std::vector<Expected> expected{{"0.weight", shape_weight, got_weight.data()},
                                       {"0.bias", shape_3, got_bias.data()},
                                       {"running.variance", shape_2, nullptr, got_variance.data()},
                                       {"scalar", {}, got_scalar.data()},
                                       {"empty", shape_empty, nullptr},
                                       {"größe", shape_1, got_size.data()},
                                       {"half", shape_4, half.data()},
                                       {"brain", shape_2, brain.data()}};
  load_exact(file, expected);
  CHECK(got_weight == weight);
  CHECK(got_bias == bias);
  CHECK(std::signbit(got_bias[1]));
  CHECK(got_variance == variance);
  CHECK(got_scalar == scalar);
  CHECK(got_size == size);
  CHECK(half == std::vector<float>{0.333251953125f, 0x1p-24f, -65504.0f, INFINITY});
  CHECK(brain == std::vector<float>{1.5f, -3.0f});
}
