#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tenon {

/// A table of numbers as a picture in SVG, dark where they are large, with a name for each row and column: which steps
/// an attention looks at, a confusion matrix, a kernel.
///
///     Heatmap map{.title = "attention", .rows = 3, .columns = 2, .values = {...}};  // row after row, the first on top
///     map.row_names = {"a", "b", "c"};
///     map.save("attention.svg");
///
/// Throws an Error where there are not rows * columns values, or not a name for each where there are any. Values that
/// are not finite are left blank.
struct Heatmap {
  std::string title{};
  size_t rows = 0, columns = 0;
  std::vector<double> values{};
  std::vector<std::string> row_names{}, column_names{};
  double cell = 18;  // pixels, from 1 to 1000

  std::string svg() const;
  /// Written atomically.
  void save(const std::string& path) const;
};

}  // namespace tenon
