#include "tenon/data/mnist.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include <catch2/catch.hpp>

#include "tenon/data/idx.hpp"

#include "support/folder.hpp"

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using tenon::test::Folder;

namespace {

/// Sets $TENON_DATA, or clears it, for one test.
class DataVariable {
public:
  explicit DataVariable(const char* value) {
    if (const char* const now = std::getenv("TENON_DATA")) before_ = now;
    value != nullptr ? ::setenv("TENON_DATA", value, 1) : ::unsetenv("TENON_DATA");
  }
  ~DataVariable() { before_ ? ::setenv("TENON_DATA", before_->c_str(), 1) : ::unsetenv("TENON_DATA"); }

private:
  std::optional<std::string> before_;
};

/// Four files in MNIST's names, with this many samples of 28x28 to train on and one to test with.
void write_small_mnist(const fs::path& folder, std::uint32_t count) {
  fs::create_directories(folder);
  for (const std::string part : {"train", "t10k"}) {
    const std::size_t samples = part == "train" ? count : 1;
    tenon::write_idx_file(
        (folder / (part + "-images-idx3-ubyte")).string(),
        {tenon::IdxType::uint8, {samples, 28, 28}, std::vector<std::byte>(samples * 784, std::byte{255})});
    tenon::write_idx_file((folder / (part + "-labels-idx1-ubyte")).string(),
                          {tenon::IdxType::uint8, {samples}, std::vector<std::byte>(samples, std::byte{7})});
  }
}

}  // namespace

TEST_CASE("MNIST is found in a folder, in its mnist sub-folder, and through TENON_DATA") {
  const Folder folder;
  const std::string direct = (folder.path / "direct").string();
  const std::string outer = (folder.path / "outer").string();
  write_small_mnist(direct, 2);
  write_small_mnist(folder.path / "outer" / "mnist", 3);

  const DataVariable variable{outer.c_str()};
  CHECK(tenon::mnist(direct).train.size() == 2);
  CHECK(tenon::mnist(outer).train.size() == 3);
  const auto [train, test] = tenon::mnist();
  CHECK(train.size() == 3);
  CHECK(test.size() == 1);
  CHECK(train.sample_shape() == std::vector<std::size_t>{1, 28, 28});
  CHECK(train.sample(0)[0] == 1.0f);
  CHECK(train.label(2) == 7);
}

TEST_CASE("a missing MNIST is an Error: where it was looked for and where to get it") {
  const Folder folder;
  const std::string empty = folder.path.string();
  const DataVariable none{nullptr};
  CHECK_THROWS_WITH(tenon::mnist(empty),
                    Contains("expected its four files in " + empty + " or " + empty + "/mnist") &&
                        Contains("ossci-datasets") && Contains("yann.lecun.com") &&
                        Contains("train-images-idx3-ubyte.gz") && Contains("t10k-labels-idx1-ubyte.gz") &&
                        Contains("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"));
  CHECK_THROWS_WITH(tenon::mnist(), Contains("TENON_DATA is not set"));
  const DataVariable variable{empty.c_str()};
  CHECK_THROWS_WITH(tenon::mnist(), Contains(empty + "/mnist"));

  write_small_mnist(folder.path, 2);
  fs::remove(folder.path / "t10k-labels-idx1-ubyte");
  CHECK_THROWS_WITH(tenon::mnist(empty), Contains("MNIST not found"));
}

TEST_CASE("the real MNIST has its sizes and its first digits") {
  const char* const data = std::getenv("TENON_DATA");
  if (data == nullptr || !fs::exists(fs::path{data} / "mnist")) {
    WARN("skipped: $TENON_DATA/mnist is not there");
    return;
  }
  const auto [train, test] = tenon::mnist();
  CHECK(train.size() == 60000);
  CHECK(test.size() == 10000);
  CHECK(train.label(0) == 5);
  CHECK(test.label(0) == 7);
  double sum = 0;
  for (const float value : train.features()) sum += static_cast<double>(value);
  CHECK(sum / static_cast<double>(train.features().size()) == Approx(0.1307).margin(5e-5));
}
