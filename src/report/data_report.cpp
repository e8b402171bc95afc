#include <tenon/report/data_report.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <tenon/data/sampling.hpp>
#include <tenon/io/atomic_file.hpp>
#include <tenon/report/plot.hpp>

#include "../io/words.hpp"
#include "page.hpp"
#include "png_file.hpp"

namespace tenon {
namespace {

/// About 20,000 numbers of a column, or of its k-th number alone.
template <class T>
std::vector<double> some(const ColumnView<const T>& column, std::size_t first, std::size_t count) {
  const std::size_t stride = column.count * count / 20000 + 1;
  std::vector<double> values;
  for (std::size_t i = 0; i < column.count * count; i += stride)
    values.push_back(static_cast<double>(column[i / count][first + i % count]));
  return values;
}

std::string histogram(const std::string& title, const std::vector<double>& values) {
  Plot plot{.title = title, .width = 310, .height = 220};
  return plot.histogram("", values).svg();
}

template <class T>
std::string histograms(const ColumnInfo& c, const ColumnView<const T>& column, std::size_t most) {
  const std::string name = detail::escaped_text(c.name);
  if (c.shape.size() != 1 || c.size > most) return histogram(name, some(column, 0, c.size));
  std::string text;
  for (std::size_t k = 0; k < c.size; ++k)
    text += histogram(c.size > 1 ? fmt::format("{} {}", name, k) : name, some(column, k, 1));
  return text;
}

/// Numbers as grey or colour, the least of all shown black and the greatest white.
template <class T>
std::string pictures(const Dataset<T>& data, const ColumnInfo& c, std::size_t most) {
  const std::size_t axes = c.shape.size(), channels = axes == 2 ? 1 : axes == 3 ? c.shape[0] : 0;
  if ((channels != 1 && channels != 3) || data.empty() || most == 0) return "";
  const std::size_t height = c.shape[axes - 2], width = c.shape[axes - 1], area = height * width;
  const auto column = data.feature_column(c.name);
  const std::size_t count = std::min(most, data.size());
  std::vector<std::size_t> shown(count);
  for (std::size_t k = 0; k < count; ++k) shown[k] = k * data.size() / count;
  double low = INFINITY, high = -INFINITY;
  for (const std::size_t i : shown)
    for (const T v : column[i])
      if (std::isfinite(v)) low = std::min(low, static_cast<double>(v)), high = std::max(high, static_cast<double>(v));
  std::string text = fmt::format("<h2>Samples, {}</h2>\n<div class=\"row\">\n",
                                 detail::escape_xml(detail::escaped_text(c.name)));
  for (const std::size_t i : shown) {
    std::vector<std::uint8_t> bytes(channels * area);
    for (std::size_t k = 0; k < channels * area; ++k) {
      const double v = static_cast<double>(column[i][k]), part = high > low ? (v - low) / (high - low) : 0.5;
      bytes[k % area * channels + k / area] = std::isfinite(v) ? static_cast<std::uint8_t>(std::lround(255 * part))
                                                               : std::uint8_t{0};
    }
    const std::string label = data.label_size() == 1 ? fmt::format("class {}, no. {}", data.label(i), i)
                                                     : fmt::format("no. {}", i);
    text += fmt::format(
        "<figure><img alt=\"sample {}\" src=\"data:image/png;base64,{}\"><figcaption>{}</figcaption></figure>\n", i,
        detail::base64(detail::png_file(width, height, channels, bytes)), label);
  }
  return text + "</div>\n";
}

template <class T>
std::string class_bars(const Dataset<T>& data, const ColumnInfo& c) {
  const auto counts = class_counts(data, c.name);
  std::vector<double> x, y;
  for (std::size_t k = 0; k < counts.size(); ++k)
    x.push_back(static_cast<double>(k)), y.push_back(static_cast<double>(counts[k]));
  Plot plot{
      .title = detail::escaped_text(c.name), .x_label = "class", .y_label = "samples", .width = 430, .height = 300};
  return plot.bars("", x, y).svg();
}

}  // namespace

template <class T>
std::string data_report_html(const Dataset<T>& data, const DataReport& options) {
  std::string text = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{1}</style></head>\n"
      "<body><h1>{0}</h1>\n<pre>{2}</pre>\n",
      detail::escape_xml(options.title), detail::page_style, detail::escape_xml(describe(data)));
  std::string numbers, classes, samples;
  for (const ColumnInfo& c : data.columns()) {
    if (c.kind == ColumnKind::features) {
      numbers += histograms(c, data.feature_column(c.name), options.histograms);
      samples += pictures(data, c, options.pictures);
    } else if (c.kind == ColumnKind::targets) {
      numbers += histograms(c, data.target_column(c.name), options.histograms);
    } else if (c.kind == ColumnKind::weights) {
      numbers += histograms(c, ColumnView<const T>{data.weights().data(), data.size(), 1, 1}, 1);
    } else {
      classes += class_bars(data, c);
    }
  }
  if (!classes.empty()) text += "<h2>Classes</h2>\n<div class=\"row\">\n" + classes + "</div>\n";
  if (!numbers.empty()) text += "<h2>Numbers</h2>\n<div class=\"row\">\n" + numbers + "</div>\n";
  return text + samples + "</body></html>\n";
}

template <class T>
void write_data_report(const Dataset<T>& data, const std::string& path, const DataReport& options) {
  const std::string text = data_report_html(data, options);
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

template std::string data_report_html(const Dataset<float>&, const DataReport&);
template std::string data_report_html(const Dataset<double>&, const DataReport&);
template void write_data_report(const Dataset<float>&, const std::string&, const DataReport&);
template void write_data_report(const Dataset<double>&, const std::string&, const DataReport&);

}  // namespace tenon
