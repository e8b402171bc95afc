#include <tenon/model/model.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/layers/tanh.hpp>
#include <tenon/net/networks.hpp>

#include "support/folder.hpp"
#include "support/golden.hpp"

using Catch::Matchers::Contains;
using namespace tenon;
using tenon::test::Folder;

namespace {

namespace fs = std::filesystem;

using Mlp = Sequential<Dense<6, 8>, ReLU, Dense<5>, Tanh, Dense<3>>;
const std::vector<std::string> mlp_names{"0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"};

template <class M>
std::vector<typename M::scalar> all_parameters(const M& model) {
  std::vector<typename M::scalar> all;
  model.for_each_parameter([&](std::string_view, auto values) { all.insert(all.end(), values.begin(), values.end()); });
  return all;
}

/// The tensors of PyTorch's state_dict in the golden file, as they are to be written.
struct StateDict {
  std::vector<TensorView> tensors;
  std::vector<std::vector<double>> numbers;

  explicit StateDict(const std::string& network = "mlp", const std::vector<std::string>& names = mlp_names) {
    const test::Golden golden{"networks"};
    numbers.reserve(names.size());
    for (const std::string& name : names) {
      numbers.push_back(golden.values(network + "." + name));
      tensors.emplace_back(name, golden.shape(network + "." + name), std::span<const double>(numbers.back()));
    }
  }
};

/// Loads a bad file: an error, and the model is what it was.
template <class M>
std::string refused(M& model, const std::string& path) {
  const auto before = all_parameters(model);
  std::string message;
  try {
    model.load(path);
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK(all_parameters(model) == before);
  CHECK(message.find(path) != std::string::npos);
  return message;
}

}  // namespace

TEMPLATE_TEST_CASE("a model that is saved and loaded is the same to the bit", "", float, double) {
  using Net = Sequential<Named<"encoder", Sequential<Dense<6, 8>, ReLU, Dropout<0.2>>>,
                         Repeat<2, Residual<Dense<8>, Tanh>>, Concat<Dense<3>, Dense<4>>, Softmax>;
  const Folder folder;
  const Model<Net, TestType> model{1};
  model.save(folder / "model.safetensors");
  Model<Net, TestType> other{2};
  REQUIRE(all_parameters(other) != all_parameters(model));
  other.load(folder / "model.safetensors");
  CHECK(all_parameters(other) == all_parameters(model));

  const auto file = SafeTensors::read(folder / "model.safetensors");
  CHECK(file.metadata() == TensorMetadata{{"format", "pt"}});
  CHECK(file.tensors().size() == 10);
  const TensorInfo* weight = file.find("encoder.0.weight");
  REQUIRE(weight != nullptr);
  CHECK(weight->shape == std::vector<std::size_t>{8, 6});
  CHECK(weight->dtype == (std::is_same_v<TestType, float> ? DType::f32 : DType::f64));
  CHECK(file.find("1.1.0.bias") != nullptr);
}

TEST_CASE("the other precision's file is loaded too") {
  const Folder folder;
  const Model<Mlp> model{1};
  model.save(folder / "single.safetensors");
  Model<Mlp, double> wide{2};
  wide.load(folder / "single.safetensors");
  const auto exact = all_parameters(model);
  CHECK(all_parameters(wide) == std::vector<double>(exact.begin(), exact.end()));
  wide.save(folder / "double.safetensors");
  Model<Mlp> again{3};
  again.load(folder / "double.safetensors");
  CHECK(all_parameters(again) == exact);
}

TEMPLATE_TEST_CASE("weights with PyTorch's names and layouts give PyTorch's logits", "", float, double) {
  const Folder folder;
  StateDict torch;
  torch.tensors.emplace_back("1.num_batches_tracked", std::vector<std::size_t>{}, DType::i64,
                             std::as_bytes(std::span(torch.numbers[0]).first(1)));
  write_safetensors(folder / "torch.safetensors", torch.tensors);

  Model<Mlp, TestType> model{1};
  model.load(folder / "torch.safetensors");
  const test::Golden golden{"networks"};
  const auto x = golden.values("mlp.x");
  const auto logits = golden.values("mlp.logits");
  const std::vector<TestType> input(x.begin(), x.end());
  std::vector<TestType> output(logits.size());
  model.predict(input, output);
  const double tolerance = std::is_same_v<TestType, float> ? 1e-6 : 1e-13;
  for (std::size_t i = 0; i < logits.size(); ++i)
    CHECK(std::abs(static_cast<double>(output[i]) - logits[i]) <= tolerance * (1 + std::abs(logits[i])));
}

TEST_CASE("a Graph's weights have the names of a PyTorch module's members, shared ones once") {
  using Branched = Graph<In<"left", 3>, In<"right", 3>, Node<"tower", Sequential<Dense<5>, Tanh>, "left">,
                         Node<"again", Shared<"tower">, "right">, Node<"both", Concat<>, "tower", "again">,
                         Node<"mixed", Sequential<Dense<10>, ReLU>>, Node<"total", Add<>, "both", "mixed">,
                         Node<"kind", Dense<3>, "total">, Node<"value", Dense<2>, "total">, Out<"kind", "value">>;
  const Folder folder;
  const StateDict torch{"branched",
                        {"tower.0.weight", "tower.0.bias", "mixed.0.weight", "mixed.0.bias", "kind.weight", "kind.bias",
                         "value.weight", "value.bias"}};
  write_safetensors(folder / "torch.safetensors", torch.tensors);
  Model<Branched, double> model{1};
  model.load(folder / "torch.safetensors");
  model.save(folder / "again.safetensors");
  CHECK(SafeTensors::read(folder / "again.safetensors").tensors().size() == 8);

  const test::Golden golden{"networks"};
  const auto x = golden.values("branched.x"), y = golden.values("branched.y");
  for (std::size_t i = 0; i < 5; ++i) {
    const std::span<const double> row = std::span(x).subspan(6 * i, 6);
    const auto [kind, value] = model(row.first(3), row.last(3));
    for (std::size_t j = 0; j < 3; ++j) CHECK(kind(j) == Approx(y[5 * i + j]).epsilon(1e-12));
    for (std::size_t j = 0; j < 2; ++j) CHECK(value(j) == Approx(y[5 * i + 3 + j]).epsilon(1e-12));
  }
}

TEST_CASE("a file that is not the network's is refused, and the model stays as it was") {
  const Folder folder;
  const std::string path = folder / "bad.safetensors";
  Model<Mlp> model{1};

  SECTION("a tensor is missing") {
    StateDict torch;
    torch.tensors.erase(torch.tensors.begin() + 3);
    write_safetensors(path, torch.tensors);
    CHECK_THAT(refused(model, path), Contains("missing") && Contains("2.bias") && !Contains("0.bias"));
  }
  SECTION("one too many") {
    StateDict torch;
    torch.tensors.emplace_back("6.bias", std::vector<std::size_t>{3}, std::span<const double>(torch.numbers[5]));
    write_safetensors(path, torch.tensors);
    CHECK_THAT(refused(model, path), Contains("not expected") && Contains("6.bias"));
  }
  SECTION("a weight the other way round") {
    StateDict torch;
    torch.tensors[2].shape = {8, 5};
    write_safetensors(path, torch.tensors);
    CHECK_THAT(refused(model, path), Contains("2.weight") && Contains("(8, 5)") && Contains("(5, 8)"));
  }
  SECTION("a number that no float holds") {
    StateDict torch;
    torch.numbers[5][1] = 1e300;
    write_safetensors(path, torch.tensors);
    CHECK_THAT(refused(model, path), Contains("4.bias"));
  }
  SECTION("another network's") {
    const Model<Sequential<Dense<6, 4>, ReLU>> other;
    other.save(path);
    CHECK_THAT(refused(model, path),
               Contains("missing") && Contains("2.weight") && Contains("wrong") && Contains("0.weight"));
  }
  SECTION("cut off, wherever") {
    Model<Mlp>{2}.save(path);
    std::ifstream in(path, std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t size = 0; size < whole.size(); size += size < 700 ? 7 : 31) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, size);
      INFO("the first " << size << " of " << whole.size() << " bytes");
      CHECK_FALSE(refused(model, path).empty());
    }
  }
  SECTION("not there") { CHECK_FALSE(refused(model, folder / "absent.safetensors").empty()); }
}

TEST_CASE("a model that cannot be saved leaves the old file") {
  const Folder folder;
  const Model<Mlp> model{1};
  CHECK_THROWS_AS(model.save(folder / "no/such/folder/model.safetensors"), Error);
  model.save(folder / "model.safetensors");
  const Model<Mlp> other{2};
  other.save(folder / "model.safetensors");
  Model<Mlp> loaded{3};
  loaded.load(folder / "model.safetensors");
  CHECK(all_parameters(loaded) == all_parameters(other));
}

TEST_CASE("a part of a file loads under other names, and partly where that is asked for") {
  using Big = Sequential<Named<"encoder", Sequential<Dense<4, 3>, Tanh>>, Named<"fc", Dense<2>>>;
  using Small = Sequential<Named<"body", Dense<4, 3>>, Named<"head", Dense<2>>, Named<"more", Dense<2>>>;
  const Folder folder;
  const std::string file = folder / "big.safetensors";
  const Model<Big> big{1};
  big.save(file);

  Model<Sequential<Dense<4, 3>, Tanh>> part{2};
  const Loaded exact = part.load(file, {.prefix = "encoder."});
  CHECK(exact.loaded == std::vector<std::string>{"0.weight", "0.bias"});
  CHECK(exact.missing.empty());
  CHECK(exact.left_over.empty());
  CHECK((part.get<"0.weight">() == big.get<"encoder.0.weight">()));

  Model<Small> small{3};
  const Model<Small> before = small;
  LoadOptions options{.rename = {{"encoder.0", "body"}, {"fc", "head"}}};
  CHECK_THROWS_WITH(small.load(file, options), Contains("missing: more.weight, more.bias"));
  CHECK_THROWS_WITH(small.load(file, {.rename = {{"encoder.0", "body"}, {"fc", "more"}}, .partial = false}),
                    Contains("missing: head.weight"));
  CHECK(small.parameters().span()[0] == before.parameters().span()[0]);
  options.partial = true;
  const Loaded some = small.load(file, options);
  CHECK(some.loaded == std::vector<std::string>{"body.weight", "body.bias", "head.weight", "head.bias"});
  CHECK(some.missing == std::vector<std::string>{"more.weight", "more.bias"});
  CHECK((small.get<"head.weight">() == big.get<"fc.weight">()));
  CHECK((small.get<"more.weight">() == before.get<"more.weight">()));
  options.rename.pop_back();
  CHECK(small.load(file, options).left_over == std::vector<std::string>{"fc.bias", "fc.weight"});

  // a name is taken in whole parts; nothing to load, other shapes and two that become one are Errors however
  CHECK_THROWS_WITH(small.load(file, {.rename = {{"enc", "body"}}, .partial = true}), Contains("missing: body.weight"));
  CHECK_THROWS_WITH(small.load(file, {.rename = {{"encoder.0", "head"}}, .partial = true}),
                    Contains("head.weight is (3, 4) instead of (2, 3)"));
  CHECK_THROWS_WITH(small.load(file, {.rename = {{"encoder.0", "body"}, {"fc", "body"}}, .partial = true}),
                    Contains("both become body."));
}
