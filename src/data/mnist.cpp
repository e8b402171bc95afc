#include "tenon/data/mnist.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "tenon/data/idx.hpp"
#include "tenon/error.hpp"

namespace tenon {
namespace {

namespace fs = std::filesystem;

struct File {
  const char* name;
  /// Of the unpacked file: the mirrors pack it differently.
  const char* sha256;
};

constexpr std::array<File, 4> files{{
    {"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
    {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
    {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
    {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
}};

std::vector<fs::path> candidates(const std::string& directory) {
  if (!directory.empty()) return {directory, fs::path{directory} / "mnist"};
  const char* const data = std::getenv("TENON_DATA");
  if (data != nullptr && *data != '\0') return {fs::path{data} / "mnist"};
  return {};
}

/// The paths of the four files, or nothing where one of them is missing.
std::optional<std::array<std::string, files.size()>> find_in(const fs::path& folder) {
  std::array<std::string, files.size()> paths;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const fs::path plain = folder / files[i].name;
    const fs::path packed = plain.string() + ".gz";
    std::error_code ignored;
    if (fs::is_regular_file(packed, ignored)) paths[i] = packed.string();
    else if (fs::is_regular_file(plain, ignored)) paths[i] = plain.string();
    else return std::nullopt;
  }
  return paths;
}

std::string missing(const std::vector<fs::path>& folders) {
  std::string text = "MNIST not found: expected its four files in ";
  if (folders.empty()) {
    text += "a given directory or in $TENON_DATA/mnist, got neither (TENON_DATA is not set)";
  } else {
    text += folders.front().string();
    for (std::size_t i = 1; i < folders.size(); ++i) text += " or " + folders[i].string();
  }
  text += ".\nGet them from https://ossci-datasets.s3.amazonaws.com/mnist/ (first published at "
          "http://yann.lecun.com/exdb/mnist/);\n"
          "SHA-256 of the unpacked files, as `gunzip -c FILE | sha256sum` prints them:";
  for (const File& file : files) text += fmt::format("\n  {}  {}.gz", file.sha256, file.name);
  return text;
}

}  // namespace

TypedSplit<Shape<1, 28, 28>, Classes<10>> mnist(const std::string& directory) {
  const auto folders = candidates(directory);
  for (const fs::path& folder : folders) {
    if (const auto paths = find_in(folder)) {
      const auto& [train_images, train_labels, test_images, test_labels] = *paths;
      return DatasetSplit<float>{read_idx(train_images, train_labels), read_idx(test_images, test_labels)};
    }
  }
  throw Error(missing(folders));
}

}  // namespace tenon
