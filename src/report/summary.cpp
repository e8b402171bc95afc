#include <tenon/train/summary.hpp>

namespace tenon::detail {

namespace {

std::string shape_of(const LayerRow& row) {
  std::string text = "(";
  for (std::size_t i = 0; i < row.rank; ++i) text += (i == 0 ? "" : ", ") + std::to_string(row.dims[i]);
  return text + ")";
}

}  // namespace

std::string summary_text(std::string_view title, std::span<const LayerRow> layers, const SummaryTotals& totals) {
  std::vector<SummaryRow> rows;
  for (const LayerRow& layer : layers) {
    std::string name(2 * layer.depth, ' ');
    name += std::string(layer.path) + "  " + std::string(layer.type);
    if (layer.copies > 1) name += " x " + std::to_string(layer.copies);
    rows.push_back({name, shape_of(layer), layer.composition ? 0 : layer.parameter_count * layer.copies});
  }
  return format_summary(title, rows, totals);
}

}  // namespace tenon::detail
