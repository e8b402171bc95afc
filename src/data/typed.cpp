#include <tenon/data/typed.hpp>
#include <tenon/data/typed_columns.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tenon/error.hpp>

#include "text.hpp"

namespace tenon::detail {

template <class T>
void give_type(Dataset<T>& data, std::span<const std::size_t> shape, std::size_t classes, std::size_t labels,
               std::size_t numbers) {
  const auto require = [](bool good, const auto& expected, const auto& got) {
    if (!good) throw Error(fmt::format("typed: expected {}, got {}", expected, got));
  };
  if (count_columns(data.columns(), ColumnKind::features) > 1 || (data.has_labels() && data.has_targets()) ||
      count_columns(data.columns(), ColumnKind::labels) > 1 || count_columns(data.columns(), ColumnKind::targets) > 1)
    throw Error("typed: expected one column of features and one of labels or targets, or typed<Columns<...>>, got " +
                describe_columns(data.columns()));
  std::size_t size = 1;
  for (const std::size_t extent : shape) size *= extent;
  const std::vector<std::size_t>& given = data.sample_shape();
  const bool flat = shape.size() == 1 || given.size() == 1;
  require(std::ranges::equal(given, shape) || (flat && data.sample_size() == size),
          fmt::format("samples of {}", shape_text({shape.begin(), shape.end()})),
          given.empty() ? std::string("none") : "samples of " + shape_text(given));
  const auto answers = [](std::size_t of, std::size_t each) {
    return each == 1 ? fmt::format("{} classes", of) : fmt::format("{} labels per sample of {} classes", each, of);
  };
  require(data.classes() == classes && data.label_size() == labels && data.target_size() == numbers,
          classes > 0   ? answers(classes, labels)
          : numbers > 0 ? fmt::format("targets of {} numbers", numbers)
                        : std::string("samples without labels or targets"),
          data.classes() > 0   ? answers(data.classes(), data.label_size())
          : data.has_targets() ? fmt::format("targets of {} numbers", data.target_size())
                               : std::string("samples without labels or targets"));
  data.reshape({shape.begin(), shape.end()});
}

template void give_type(Dataset<float>&, std::span<const std::size_t>, std::size_t, std::size_t, std::size_t);
template void give_type(Dataset<double>&, std::span<const std::size_t>, std::size_t, std::size_t, std::size_t);

template <class T>
void give_columns(Dataset<T>& data, std::span<const StaticColumn> columns) {
  const std::span<const ColumnInfo> given = data.columns();
  std::vector<ColumnInfo> wanted;
  bool fits = columns.size() == given.size();
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const StaticColumn& c = columns[k];
    wanted.push_back({std::string(c.name), c.kind, {c.shape.begin(), c.shape.end()}, c.offset, c.size, c.classes});
    if (!fits) continue;
    const bool flat = c.shape.size() == 1 || given[k].shape.size() == 1;
    fits = given[k].name == c.name && given[k].kind == c.kind && given[k].classes == c.classes &&
           given[k].size == c.size && (flat || std::ranges::equal(given[k].shape, c.shape));
  }
  if (!fits)
    throw Error(
        fmt::format("typed: expected the columns {}, got {}", describe_columns(wanted), describe_columns(given)));
  for (const ColumnInfo& c : wanted)
    if ((c.kind == ColumnKind::features || c.kind == ColumnKind::targets) && data.column(c.name).shape != c.shape)
      data.reshape(c.name, c.shape);
}

template void give_columns(Dataset<float>&, std::span<const StaticColumn>);
template void give_columns(Dataset<double>&, std::span<const StaticColumn>);

}  // namespace tenon::detail
