#include <tenon/data/columns.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "text.hpp"

namespace tenon {

template <std::floating_point T>
void ColumnSet<T>::add(Features<T> column) {
  features.push_back(std::move(column)), order.push_back(ColumnKind::features);
}
template <std::floating_point T>
void ColumnSet<T>::add(Labels column) {
  labels.push_back(std::move(column)), order.push_back(ColumnKind::labels);
}
template <std::floating_point T>
void ColumnSet<T>::add(Targets<T> column) {
  targets.push_back(std::move(column)), order.push_back(ColumnKind::targets);
}
template <std::floating_point T>
void ColumnSet<T>::add(SampleWeights<T> column) {
  weights.push_back(std::move(column)), order.push_back(ColumnKind::weights);
}
template struct ColumnSet<float>;
template struct ColumnSet<double>;

std::string_view kind_name(ColumnKind kind) noexcept {
  switch (kind) {
  case ColumnKind::features:
    return "features";
  case ColumnKind::labels:
    return "labels";
  case ColumnKind::targets:
    return "targets";
  default:
    return "weights";
  }
}

const ColumnInfo& find_column(std::span<const ColumnInfo> columns, std::string_view name) {
  const auto found = std::ranges::find(columns, name, &ColumnInfo::name);
  if (found != columns.end()) return *found;
  std::string names;
  for (const ColumnInfo& c : columns) names += (names.empty() ? "" : ", ") + c.name;
  throw Error(fmt::format("Dataset: no column \"{}\"; there are: {}", name, names.empty() ? "none" : names));
}

const ColumnInfo& find_column(std::span<const ColumnInfo> columns, ColumnKind kind, WhichColumn which) {
  if (which.named) {
    const ColumnInfo& column = find_column(columns, which.name);
    if (column.kind != kind)
      throw Error(fmt::format("Dataset: expected {} in column \"{}\", got {}", kind_name(kind), which.name,
                              kind_name(column.kind)));
    return column;
  }
  std::size_t before = 0;
  for (const ColumnInfo& c : columns)
    if (c.kind == kind && before++ == which.number) return c;
  throw Error(fmt::format("Dataset: expected more than {} columns of {}, got {}: {}", which.number, kind_name(kind),
                          before, detail::describe_columns(columns)));
}

std::size_t count_columns(std::span<const ColumnInfo> columns, ColumnKind kind) noexcept {
  return static_cast<std::size_t>(std::ranges::count(columns, kind, &ColumnInfo::kind));
}

namespace detail {

std::string describe_column(const ColumnInfo& c) {
  if (c.kind == ColumnKind::weights) return fmt::format("{} (weights)", c.name);
  if (c.kind != ColumnKind::labels) return fmt::format("{} ({} {})", c.name, kind_name(c.kind), shape_text(c.shape));
  if (c.size == 1) return fmt::format("{} (labels of {} classes)", c.name, c.classes);
  return fmt::format("{} ({} labels of {} classes)", c.name, c.size, c.classes);
}

std::string describe_columns(std::span<const ColumnInfo> columns) {
  std::string text;
  for (const ColumnInfo& c : columns) text += (text.empty() ? "" : ", ") + describe_column(c);
  return text.empty() ? "none" : text;
}

}  // namespace detail
}  // namespace tenon
