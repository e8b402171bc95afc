#include <tenon/report/heatmap.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/io/atomic_file.hpp>
#include <tenon/report/plot.hpp>

namespace tenon {

std::string Heatmap::svg() const {
  const auto require = [](std::size_t got, std::size_t expected, const char* what) {
    if (got != expected) throw Error(fmt::format("Heatmap: expected {} {}, got {}", expected, what, got));
  };
  if (!(cell >= 1 && cell <= 1000))
    throw Error(fmt::format("Heatmap: cell: expected from 1 to 1000 pixels, got {}", cell));
  if (rows > values.size() || columns > values.size())  // the product of larger ones may be any number
    throw Error(fmt::format("Heatmap: expected {} rows of {} values, got {} values", rows, columns, values.size()));
  require(values.size(), rows * columns, "values");
  if (!row_names.empty()) require(row_names.size(), rows, "names of rows");
  if (!column_names.empty()) require(column_names.size(), columns, "names of columns");

  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double v : values)
    if (detail::drawable(v)) low = std::min(low, v), high = std::max(high, v);
  const auto longest = [](const std::vector<std::string>& names) {
    std::size_t most = 0;
    for (const std::string& name : names) most = std::max(most, name.size());
    return 8.0 + 8.0 * static_cast<double>(most);
  };
  // column names stand upright where each fits its cell, and are rotated where not
  const bool rotated = longest(column_names) > cell + 8;
  const double left = longest(row_names), top = (title.empty() ? 8 : 30) + (rotated ? longest(column_names) : 20);
  const double width = left + cell * static_cast<double>(columns) + 8,
               height = top + cell * static_cast<double>(rows) + 8;
  std::string out = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
                                "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" "
                                "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                                width, height);
  if (!title.empty())
    out += fmt::format("<text x=\"{:.1f}\" y=\"20\" font-size=\"14\">{}</text>\n", left, detail::escape_xml(title));
  const auto middle = [this](double start, std::size_t k) { return start + cell * (static_cast<double>(k) + 0.5); };
  for (std::size_t c = 0; c < column_names.size(); ++c) {
    const double x = middle(left, c) + (rotated ? 4 : 0), y = top - 5;
    const std::string turn = rotated ? fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", x, y)
                                     : std::string(" text-anchor=\"middle\"");
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n", x, y, turn,
                       detail::escape_xml(column_names[c]));
  }
  for (std::size_t r = 0; r < row_names.size(); ++r)
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", left - 5, middle(top, r) + 4,
                       detail::escape_xml(row_names[r]));
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      const double v = values[r * columns + c];
      if (!detail::drawable(v)) continue;
      const auto shade = static_cast<int>(std::lround(255 * (1 - detail::share_between(v, low, high))));
      out += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                         "fill=\"rgb({},{},{})\"><title>{:.4g}</title></rect>\n",
                         left + cell * static_cast<double>(c), top + cell * static_cast<double>(r), cell, cell, shade,
                         shade, std::min(255, 96 + shade * 159 / 255), v);
    }
  out += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"none\" stroke=\"#888\"/>\n</svg>\n",
      left, top, cell * static_cast<double>(columns), cell * static_cast<double>(rows));
  return out;
}

void Heatmap::save(const std::string& path) const {
  const std::string text = svg();
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace tenon
