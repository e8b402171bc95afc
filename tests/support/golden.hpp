#pragma once

#include <tenon/error.hpp>
#include <tenon/io/safetensors.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::test {

/// One family of golden values, tests/golden/<family>.safetensors: `Golden losses{"losses"};`
/// Tensors are called `<case>.<name>`; tests/golden/README.md lists the names.
class Golden {
public:
  explicit Golden(std::string_view family)
      : file_{SafeTensors::read((folder() / (std::string{family} + ".safetensors")).string())} {}

  /// Beside the test program, where CMake puts a link: a path compiled in would keep compiler caches
  /// from serving another checkout.
  static std::filesystem::path folder() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "golden";
  }

  bool has(std::string_view name) const noexcept { return file_.find(name) != nullptr; }

  const std::vector<std::size_t>& shape(std::string_view name) const { return tensor(name).shape; }

  /// The numbers in row-major order.
  std::vector<double> values(std::string_view name) const {
    const TensorInfo& info = tensor(name);
    std::vector<double> numbers(info.size());
    file_.copy_to(info, std::span<double>{numbers});
    return numbers;
  }

  /// A tensor of one element: a loss, a hyperparameter.
  double value(std::string_view name) const {
    const std::vector<double> numbers = values(name);
    if (numbers.size() != 1) {
      throw Error{file_.origin() + ": expected one number in '" + std::string{name} + "', got " +
                  std::to_string(numbers.size())};
    }
    return numbers.front();
  }

  /// What stands before the first dot of the names, each once, in the file's order.
  std::vector<std::string> cases() const {
    std::vector<std::string> found;
    for (const TensorInfo& info : file_.tensors()) {
      std::string name = info.name.substr(0, info.name.find('.'));
      if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(std::move(name));
    }
    return found;
  }

private:
  const TensorInfo& tensor(std::string_view name) const {
    const TensorInfo* info = file_.find(name);
    if (info == nullptr) throw Error{file_.origin() + ": no golden value is called '" + std::string{name} + "'"};
    return *info;
  }

  SafeTensors file_;
};

}  // namespace tenon::test
