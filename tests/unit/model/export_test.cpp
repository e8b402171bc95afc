#include <catch2/catch.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/log_mel.hpp>
#include <tenon/layers/map.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/model/export.hpp>
#include <tenon/net/networks.hpp>

#include <filesystem>
#include <fstream>
#include <limits>

#include "support/folder.hpp"

using namespace tenon;
using Catch::Matchers::Contains;
using tenon::test::contents;
using tenon::test::Folder;

namespace {

using Net = Sequential<Dense<5, 6>, ReLU, Dense<3>, Softmax>;

}  // namespace

TEST_CASE("an exported header says what it holds") {
  const Folder folder;
  Model<Net> model{2};
  model.get<"0.weight">()(0, 0) = 0.1F;
  model.save(folder / "trained.safetensors");
  export_header(model, folder / "small.hpp", {.trained = folder / "trained.safetensors", .sample = {1, 2, 3, 4, 5}});
  const std::string text = contents(folder / "small.hpp");
  CHECK_THAT(text, Contains("namespace small {"));
  CHECK_THAT(text, Contains("using Net = Sequential<Dense<5, 6>, ReLU, Dense<3>, Softmax>;"));
  CHECK_THAT(text, Contains("// 0.weight (6, 5)\n        0.1F,"));
  CHECK_THAT(text, Contains("parameters    57"));
  CHECK_THAT(text, Contains(".input = {\n        // a sample\n        1.F,2.F,3.F,4.F,5.F,"));
  char checksum[16];
  std::snprintf(checksum, sizeof checksum, "0x%08x", file_checksum(folder / "trained.safetensors"));
  CHECK_THAT(text, Contains(std::string("trained file  trained.safetensors, CRC-32 ") + checksum));
}

TEST_CASE("an exported header includes the headers of the layers it names, all of which a clone has") {
  const Folder folder;
  export_header(Model<Net>{2}, folder / "small.hpp");
  const std::string text = contents(folder / "small.hpp");
  for (const char* layer : {"dense", "relu", "softmax"})
    CHECK_THAT(text, Contains("#include <tenon/layers/" + std::string(layer) + ".hpp>\n"));
  CHECK_THAT(text, !Contains("tenon/all/") && !Contains("layers/tanh"));
  CHECK_FALSE(std::filesystem::exists(folder / "small.h"));
}

TEST_CASE("a C interface goes beside the header if it is asked for") {
  const Folder folder;
  export_header(Model<Net>{2}, folder / "small.hpp", {.name = "models::small", .c_api = true});
  const std::string c = contents(folder / "small.h"), cpp = contents(folder / "small_c.cpp");
  CHECK_THAT(c, Contains("#define MODELS_SMALL_INPUTS 5\n#define MODELS_SMALL_OUTPUTS 3\n"));
  CHECK_THAT(c, Contains("void models_small_run(const float input[5], float output[3]);\n"));
  CHECK_THAT(c, Contains("int models_small_classify(const float input[5]);\n") &&
                    Contains("int models_small_self_test(void);\n"));
  CHECK_THAT(cpp, Contains("tenon::Frozen<models::small::Net, models::small::weights> net;"));
  CHECK_THAT(cpp, Contains("#include \"small.h\"\n\n#include \"small.hpp\"\n"));
  CHECK_THROWS_WITH(export_header(Model<Net>{2}, folder / "other.h", {.c_api = true}),
                    Contains("expected a file such as digits.hpp"));
  CHECK_FALSE(std::filesystem::exists(folder / "other.h"));
}

TEST_CASE("what cannot be exported is an error and writes nothing") {
  const Folder folder;
  Model<Net> model{2}, other{3};
  other.save(folder / "other.safetensors");
  const auto refused = [&](const char* file, const ExportOptions& options, const char* reason) {
    CHECK_THROWS_WITH(export_header(model, folder / file, options), Contains(reason));
    CHECK_FALSE(std::filesystem::exists(folder / file));
  };
  refused("small.hpp", {.trained = folder / "other.safetensors"}, "expected the model's own numbers in");
  refused("small.hpp", {.sample = {1, 2}}, "expected a sample of 5 numbers, got 2");
  for (const char* file : {"7-small.hpp", "class.hpp", "and.hpp", "linux.hpp", "std.hpp", "a__b.hpp", "_Small.hpp"})
    refused(file, {}, "expected a file whose name can name a namespace");
  for (const char* name :
       {"small {} int evil; namespace x", "a\nint evil;", "namespace", "models::", "::models", "models::new", "tenon"})
    refused("small.hpp", {.name = name}, "expected a .name that can name a namespace");
  model.get<"2.bias">()(1) = std::numeric_limits<float>::infinity();
  refused("small.hpp", {}, "expected finite numbers, got inf at position 1 of 2.bias (3)");
}

TEST_CASE("a network whose type is long is spelt by the program") {
  using Sound = Sequential<Input<1, 64>, Mfcc<32, 16, 6, 4>>;
  const Folder folder;
  const Model<Sound> model{1};
  const std::string path = folder / "sound.hpp";
  CHECK_THROWS_WITH(export_header(model, path), Contains("too long to be written; expected it in .network"));
  CHECK_FALSE(std::filesystem::exists(path));
  export_header(model, path, {.network = "Sequential<Input<1, 64>, Mfcc<32, 16, 6, 4>>"});
  const std::string text = contents(path);
  CHECK_THAT(text, Contains("using Net = Sequential<Input<1, 64>, Mfcc<32, 16, 6, 4>>;"));
  CHECK_THAT(text, Contains("log_mel.hpp"));
}

TEST_CASE("a network with a formula is spelt by the program") {
  using Steep = Sequential<Dense<3, 2>, Map<tanh(4 * x)>>;
  const Folder folder;
  const Model<Steep> model{1};
  const std::string path = folder / "steep.hpp";
  CHECK_THROWS_WITH(export_header(model, path), Contains("a formula cannot be spelt; expected it in .network"));
  CHECK_FALSE(std::filesystem::exists(path));
  export_header(model, path, {.network = "Sequential<Dense<3, 2>, Map<tanh(4 * x)>>"});
  CHECK_THAT(contents(path), Contains("using Net = Sequential<Dense<3, 2>, Map<tanh(4 * x)>>;"));
}

TEST_CASE("texts of the user's stay within their comments") {
  const Folder folder;
  Model<Net> model{2};
  const std::string trained = folder / "a\nint evil = 1; \\";
  model.save(trained);
  export_header(
      model, folder / "safe.hpp",
      {.name = "models::safe", .network = "Sequential<Dense<5, 6>,\nReLU, Dense<3>, Softmax>", .trained = trained});
  const std::string text = contents(folder / "safe.hpp");
  CHECK_THAT(text, Contains("namespace models::safe {"));
  CHECK_THAT(text, Contains("// "));
  CHECK_THAT(text, Contains("trained file  a\\x0aint evil = 1; \\x5c, CRC-32"));
  CHECK_THAT(text, Contains("network       Sequential<Dense<5, 6>,\\x0aReLU"));
  CHECK_THAT(text, !Contains("\nint evil"));
}
