#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <utility>

#include "tenon/data/dataset.hpp"

namespace tenon {

/// A column of a table, by number from 0 (or from -1, the last, backwards) or by name.
struct Column {
  Column(int number) : index{number} {}
  Column(std::string title) : name{std::move(title)} {}
  Column(const char* title) : name{title} {}

  int index = 0;
  std::string name;  // decides unless empty
};

enum class CsvTarget {
  classes,  ///< an integer class index
  number,   ///< one number to predict
  none      ///< every column is a feature
};

struct CsvOptions {
  bool header = true;
  Column label_column = -1;
  char delimiter = ',';
  CsvTarget target = CsvTarget::classes;
  /// The number of classes; 0 takes the largest label plus one.
  std::size_t classes = 0;
};

/// A table of numbers, one sample a line; the label column aside, every column is a feature.
///
///     auto iris = read_csv("iris.csv", {.label_column = "species"});
///     auto homes = read_csv("homes.csv", {.label_column = "price", .target = CsvTarget::number});
///
/// Fields may be quoted as in RFC 4180; lines end in LF or CRLF; blank lines at the end are no
/// samples. Anything but finite numbers is an Error that names file, line and column. There are at most 262144 columns;
/// reading takes at most twelve times the file's bytes and 32 MB.
template <std::floating_point T = float>
Dataset<T> read_csv(const std::string& path, const CsvOptions& options = {});

extern template Dataset<float> read_csv<float>(const std::string&, const CsvOptions&);
extern template Dataset<double> read_csv<double>(const std::string&, const CsvOptions&);

}  // namespace tenon
