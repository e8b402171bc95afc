#include <tenon/train/summary.hpp>

namespace tenon::detail {

namespace {

std::string shape_text(const std::size_t* dims, std::size_t rank) {
  std::string text = "(";
  for (std::size_t i = 0; i < rank; ++i) text += (i == 0 ? "" : ", ") + std::to_string(dims[i]);
  return text + ")";
}
std::string shape_of(const LayerRow& row) {
  if (row.part_count == 0) return shape_text(row.dims, row.rank);
  std::string text;
  for (std::size_t p = 0; p < row.part_count; ++p)
    text += (p == 0 ? "" : ", ") + shape_text(row.parts[p].dims, row.parts[p].rank);
  return text;
}

}  // namespace

std::string summary_text(std::string_view title, std::span<const LayerRow> layers, const SummaryTotals& totals) {
  std::vector<SummaryRow> rows;
  for (const LayerRow& layer : layers) {
    std::string name(2 * layer.depth, ' ');
    name += std::string(layer.path) + (layer.path.empty() && layer.port ? "" : "  ") + std::string(layer.type);
    if (!layer.shares.empty()) name += " shared with " + std::string(layer.shares);
    if (layer.copies > 1) name += " x " + std::to_string(layer.copies);
    rows.push_back({name, shape_of(layer), layer.composition ? 0 : layer.parameter_count * layer.copies,
                    std::string(layer.sources), layer.port});
  }
  return format_summary(title, rows, totals);
}

}  // namespace tenon::detail
