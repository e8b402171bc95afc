#pragma once

#include <concepts>
#include <cstddef>
#include <string>

#include <tenon/data/dataset.hpp>

namespace tenon {

struct DataReport {
  std::string title = "Data";
  /// So many samples, evenly spread, are shown as pictures where a column's shape is {height, width}, {1, height,
  /// width} or {3, height, width}.
  size_t pictures = 40;
  /// A vector of at most so many numbers has a histogram for each of them, a longer one and images one for all.
  size_t histograms = 24;
};

/// One page of HTML about a data set, which needs no network: the table of `describe`, a histogram of each column, how
/// many samples each class has, and some of them as pictures. Of a large data set the histograms count samples at even
/// distances.
///
///     write_data_report(train, "data.html");
template <class T>
std::string data_report_html(const Dataset<T>& data, const DataReport& options = {});
/// Writes that page atomically.
template <class T>
void write_data_report(const Dataset<T>& data, const std::string& path, const DataReport& options = {});

extern template std::string data_report_html(const Dataset<float>&, const DataReport&);
extern template std::string data_report_html(const Dataset<double>&, const DataReport&);
extern template void write_data_report(const Dataset<float>&, const std::string&, const DataReport&);
extern template void write_data_report(const Dataset<double>&, const std::string&, const DataReport&);

}  // namespace tenon
