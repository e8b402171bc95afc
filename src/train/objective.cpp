#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <tenon/error.hpp>
#include <tenon/ignore_index.hpp>
#include <tenon/train/answers.hpp>

namespace tenon::detail {

namespace {

bool answers(const ColumnInfo& c) { return c.kind == ColumnKind::labels || c.kind == ColumnKind::targets; }

/// Whether numbers of a column stand where an input of as many numbers wants them: axes of 1 may stand anywhere, and
/// what has one axis is the other one's numbers in a row.
bool same_axes(std::span<const std::size_t> column, std::span<const std::size_t> input) {
  const auto longer = std::views::filter([](std::size_t n) { return n != 1; });
  const auto count = [](std::span<const std::size_t> axes) {
    return std::ranges::count_if(axes, [](std::size_t n) { return n != 1; });
  };
  return count(column) <= 1 || count(input) <= 1 || std::ranges::equal(column | longer, input | longer);
}

/// The column in question; null where there is none.
const ColumnInfo* find(const ColumnDemand& demand, std::span<const ColumnInfo> columns, std::size_t outputs) {
  for (const ColumnInfo& c : columns)
    if (c.name == demand.column && c.kind != ColumnKind::weights) return &c;
  if (demand.by_name || outputs > 1) return nullptr;
  const auto count = std::ranges::count_if(columns, answers);
  if (count == 1) return &*std::ranges::find_if(columns, answers);
  // nothing to compare with: a network that reproduces its input
  if (count == 0 && count_columns(columns, ColumnKind::features) == 1)
    return &*std::ranges::find(columns, ColumnKind::features, &ColumnInfo::kind);
  return nullptr;
}

}  // namespace

const ColumnInfo& find_answers(std::string_view who, const ColumnDemand& demand, std::span<const ColumnInfo> columns,
                               std::size_t outputs) {
  const ColumnInfo* const found = find(demand, columns, outputs);
  if (!found)
    throw Error(fmt::format("{}: expected a column \"{}\" for the output \"{}\", got {}", who, demand.column,
                            demand.output, describe_columns(columns)));
  const bool labels = found->kind == ColumnKind::labels;
  if (labels ? demand.target == TargetKind::values : demand.target == TargetKind::labels)
    throw Error(fmt::format("{}: the {} of the output \"{}\" compares with {}, expected such a column, got {}", who,
                            demand.who, demand.output, labels ? "numbers" : "class labels", describe_column(*found)));
  const std::size_t wanted = labels ? demand.answers : demand.size;
  if (found->size != wanted)
    throw Error(fmt::format("{}: the output \"{}\" has {} {} a sample, got {}", who, demand.output, wanted,
                            labels ? "answers" : "numbers", describe_column(*found)));
  return *found;
}

void check_labels(std::string_view who, const ColumnDemand& demand, const ColumnInfo& column,
                  std::span<const std::int32_t> labels) {
  const std::size_t classes = std::max(demand.size / demand.answers, std::size_t{2});
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::int32_t label = labels[i];
    if (label == ignore_index ? demand.ignores : label >= 0 && static_cast<std::size_t>(label) < classes) continue;
    throw Error(fmt::format("{}: the output \"{}\" tells {} classes apart, got label {} of sample {} in column \"{}\"",
                            who, demand.output, classes, label, i / demand.answers, column.name));
  }
}

void check_inputs(std::string_view who, std::span<const InputDemand> inputs, const DataOffer& offer) {
  if (offer.samples == 0) throw Error(fmt::format("{}: expected at least one sample, got none", who));
  if (offer.weights != 0 && offer.weights != offer.samples)
    throw Error(fmt::format("{}: expected {} weights, one a sample, got {}", who, offer.samples, offer.weights));
  std::size_t size = 0;
  for (const InputDemand& input : inputs) size += input.size;
  const bool rows = count_columns(offer.columns, ColumnKind::features) <=
                    1;  // one column may hold all inputs, one behind the other
  bool fits = offer.features == offer.samples * size;
  std::size_t k = 0;
  for (const ColumnInfo& c : offer.columns) {
    if (c.kind != ColumnKind::features || rows) continue;
    fits = fits && k < inputs.size() && c.name == inputs[k].name && c.size == inputs[k].size &&
           same_axes(c.shape, inputs[k].axes);
    ++k;
  }
  if (fits) return;
  std::string wanted;
  for (const InputDemand& input : inputs)
    wanted += fmt::format("{}{} ({})", wanted.empty() ? "" : ", ", input.name.empty() ? "one input" : input.name,
                          fmt::join(input.axes, "x"));
  throw Error(
      fmt::format("{}: the network takes {}, in this order, got {} (Dataset::select chooses and orders columns)", who,
                  wanted, describe_columns(offer.columns)));
}

}  // namespace tenon::detail
