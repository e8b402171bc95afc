// Run by tests/interop/model_python.py, which writes the files read here and computes with the
// weights written here.
#include <tenon/model/model.hpp>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/networks/transformer.hpp>

using namespace tenon;

namespace {

using Net = Sequential<Named<"encoder", Sequential<Dense<6, 8>, ReLU, Dropout<0.5>>>,
                       Named<"head", Sequential<Dense<5, bias<false>>, Tanh, Dense<3>>>>;

/// By the names of nn.Embedding, nn.TransformerEncoder, nn.LSTM and nn.Linear.
using Sequences = Sequential<Input<6>, Named<"words", Embedding<11, 8>>,
                             Named<"blocks", Sequential<Named<"layers", Repeat<2, TransformerEncoderLayer<8, 2, 12>>>>>,
                             Named<"lstm", LSTM<5>>, Named<"head", Dense<3>>>;

std::optional<std::string> exchange_directory() {
  if (const char* directory = std::getenv("TENON_INTEROP_DIR"); directory != nullptr && *directory != '\0')
    return directory;
  WARN("skipped: TENON_INTEROP_DIR is not set; tests/interop/model_python.py sets it");
  return std::nullopt;
}

std::vector<float> numbers(const SafeTensors& file, std::string_view name) {
  const TensorInfo* info = file.find(name);
  REQUIRE(info != nullptr);
  std::vector<float> values(info->size());
  file.copy_to(*info, std::span(values));
  return values;
}

}  // namespace

TEST_CASE("PyTorch's weights give PyTorch's outputs") {
  const auto directory = exchange_directory();
  if (!directory) return;
  Model<Net> model{1};
  model.load(*directory + "/torch_weights.safetensors");
  const auto file = SafeTensors::read(*directory + "/torch_numbers.safetensors");
  const auto expected = numbers(file, "y");
  std::vector<float> y(expected.size());
  model.predict(numbers(file, "x"), y);
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::abs(y[i] - expected[i]) < 1e-6f);
}

TEST_CASE("PyTorch's networks of sequences load by their names") {
  const auto directory = exchange_directory();
  if (!directory) return;
  Model<Sequences> model{1};
  model.load(*directory + "/sequence_weights.safetensors");
  const auto file = SafeTensors::read(*directory + "/sequence_numbers.safetensors");
  const auto expected = numbers(file, "y");
  std::vector<float> y(expected.size());
  model.predict(numbers(file, "x"), y);
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(std::abs(y[i] - expected[i]) < 2e-6f);
}

TEST_CASE("a model's weights and outputs, for PyTorch to compare") {
  const auto directory = exchange_directory();
  if (!directory) return;
  const Model<Net> model{5};
  model.save(*directory + "/tenon_weights.safetensors");
  constexpr std::size_t count = 9;
  std::vector<float> x(count * 6), y(count * 3);
  Stream stream{5};
  for (float& v : x) v = stream.normal();
  model.predict(x, y);
  const std::vector<TensorView> tensors{{"x", {count, 6}, std::span<const float>(x)},
                                        {"y", {count, 3}, std::span<const float>(y)}};
  write_safetensors(*directory + "/tenon_numbers.safetensors", tensors, {{"format", "pt"}});
}
