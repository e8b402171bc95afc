#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::importing {

/// The words of a layer's text: of "Conv2D<16, 3, stride<2>>" the name "Conv2D" and the arguments "16", "3" and
/// "stride<2>".
struct LayerWords {
  std::string name;
  std::vector<std::string> arguments;

  explicit LayerWords(const std::string& text);
  bool has(std::string_view argument) const { return std::ranges::find(arguments, argument) != arguments.end(); }
  /// The numbers of `stride<2, 1>`; none where the option is not there.
  std::vector<std::size_t> option(const std::string& name) const;
  /// All arguments that are numbers.
  std::vector<double> numbers() const;
};

}  // namespace tenon::importing
