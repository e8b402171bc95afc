#include <tenon/report/table.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tenon {
namespace {

/// Columns on a terminal: UTF-8 continuation bytes take none.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// A number, "-1,290.5" or "3e-05", or one with its unit, "97.3%" or "84,312 samples/s".
bool is_number(std::string_view cell, bool with_unit) {
  if (cell.starts_with('-') || cell.starts_with('+')) cell.remove_prefix(1);
  if (cell.empty() || !is_digit(cell[0])) return false;
  const auto skip = [&](auto belongs) {
    while (!cell.empty() && belongs(cell[0])) cell.remove_prefix(1);
  };
  skip([](char c) { return is_digit(c) || c == ',' || c == '.'; });
  if (cell.size() > 1 && cell[0] == 'e' && (is_digit(cell[1]) || cell[1] == '-' || cell[1] == '+')) {
    cell.remove_prefix(2);
    skip(is_digit);
  }
  if (!with_unit) return cell.empty();
  if (cell.starts_with(' ')) cell.remove_prefix(1);
  skip([](char c) { return is_letter(c) || c == '%' || c == '/' || static_cast<unsigned char>(c) >= 0x80; });
  return cell.empty();
}

/// A cell like "-" or "n/a" says nothing about its column's kind.
bool is_neutral(std::string_view cell) { return std::ranges::none_of(cell, is_digit); }

void append_rule(std::string& out, std::size_t width, char c) {
  out.append(width, c);
  out += '\n';
}

/// " left        right ": both ends of a line that is `width` wide.
void append_ends(std::string& out, std::string_view left, std::string_view right, std::size_t width) {
  out += fmt::format(" {}", left);
  if (!right.empty()) out += std::string(width - width_of(left) - width_of(right) - 2, ' ').append(right);
  out += '\n';
}

}  // namespace

std::string format_count(std::uint64_t count) {
  auto text = std::to_string(count);
  for (auto place = text.size(); place > 3; place -= 3) text.insert(place - 3, 1, ',');
  return text;
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.95; value /= 1024) ++unit;  // what would be printed as 1024.0 belongs to the next unit
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string format_table(std::span<const std::string> headers, std::span<const std::vector<std::string>> rows) {
  struct Column {
    std::size_t width = 0;
    bool right = false;
  };
  const auto cell = [](const std::vector<std::string>& row, std::size_t c) -> std::string_view {
    return c < row.size() ? std::string_view(row[c]) : std::string_view();
  };
  std::vector<Column> columns(headers.size());
  std::size_t total = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    auto& column = columns[c];
    column.width = width_of(headers[c]);
    for (const auto& row : rows) column.width = std::max(column.width, width_of(cell(row, c)));
    // The first column names its row, and "3 ReLU" is a name, not three of something.
    const auto number = [&](const auto& row) { return is_number(cell(row, c), c > 0); };
    const auto fits = [&](const auto& row) { return number(row) || is_neutral(cell(row, c)); };
    column.right = std::ranges::any_of(rows, number) && std::ranges::all_of(rows, fits);
    total += column.width + (c == 0 ? 2 : 3);
  }

  std::string out;
  const auto append_row = [&](auto cell_of) {
    std::string line;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string_view text = cell_of(c);
      const std::string gap(columns[c].width - width_of(text), ' ');
      line += c == 0 ? " " : "   ";
      line += columns[c].right ? fmt::format("{}{}", gap, text) : fmt::format("{}{}", text, gap);
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + '\n';
  };
  append_row([&](std::size_t c) -> std::string_view { return headers[c]; });
  append_rule(out, total, '=');
  for (const auto& row : rows) append_row([&](std::size_t c) { return cell(row, c); });
  return out;
}

std::string format_summary(std::string_view title, std::span<const SummaryRow> rows, const SummaryTotals& totals) {
  const auto for_batch = [&](std::string_view what) {
    return fmt::format("  {}, batch {}", what, format_count(totals.batch));
  };
  const std::array<std::array<std::string, 2>, 7> lines{{
      {"Parameters", format_count(totals.trainable + totals.frozen)},
      {"  trainable", format_count(totals.trainable)},
      {"  frozen", format_count(totals.frozen)},
      {"Memory", ""},
      {"  parameters", format_bytes(totals.parameter_bytes)},
      {for_batch("training"), totals.training_bytes == 0 ? "-" : format_bytes(totals.training_bytes)},
      {for_batch("inference"), format_bytes(totals.inference_bytes)},
  }};
  std::size_t needed = width_of(title) + 2;
  for (const auto& [label, value] : lines) needed = std::max(needed, width_of(label) + width_of(value) + 5);

  std::vector<std::string> headers{"Layer", "Output shape", "Parameters"};
  const bool graph = std::ranges::any_of(rows, &SummaryRow::port);
  if (graph) headers.push_back("Connected to");
  std::vector<std::vector<std::string>> cells;
  std::size_t names = width_of(headers[0]);
  for (const auto& row : rows) {
    cells.push_back({row.name, row.output_shape, format_count(row.parameters)});
    if (graph) cells.back().push_back(row.sources);
    names = std::max(names, width_of(row.name));
  }
  const auto width_of_rule = [](const std::string& text) {
    const auto begin = text.find('\n') + 1;  // the second line
    return text.find('\n', begin) - begin;
  };
  auto table = format_table(headers, cells);
  if (const auto width = width_of_rule(table); width < needed) {  // the totals set the width: stretch the first column
    headers[0].resize(names + needed - width, ' ');
    table = format_table(headers, cells);
  }
  const auto width = width_of_rule(table);

  std::string out = fmt::format(" {}\n", title);
  append_rule(out, width, '-');
  out += table;
  append_rule(out, width, '=');
  for (const auto& [label, value] : lines) append_ends(out, label, value, width);
  append_rule(out, width, '-');
  return out;
}

}  // namespace tenon
