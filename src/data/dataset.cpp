#include "tenon/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "tenon/data/row_source.hpp"
#include "tenon/error.hpp"
#include "text.hpp"

namespace tenon {
namespace {

/// "Dataset" or "Dataset, column "x"", as messages begin.
std::string who(std::string_view column) {
  return column.empty() ? std::string("Dataset") : fmt::format("Dataset, column \"{}\"", column);
}

std::size_t product(const std::vector<std::size_t>& shape, std::string_view column = {}) {
  std::size_t size = 1;
  for (const std::size_t extent : shape) {
    if (extent == 0 || size > std::numeric_limits<std::size_t>::max() / extent)
      throw Error(fmt::format("{}: no sample has the shape {}", who(column), detail::shape_text(shape)));
    size *= extent;
  }
  if (shape.empty()) throw Error(fmt::format("{}: expected samples of at least one axis, got none", who(column)));
  return size;
}

/// How many samples so many numbers are.
std::size_t rows_of(std::string_view column, const std::vector<std::size_t>& shape, std::size_t size,
                    std::size_t numbers) {
  if (numbers % size != 0)
    throw Error(fmt::format("{}: expected a multiple of {} numbers (samples of {}), got {}", who(column), size,
                            detail::shape_text(shape), numbers));
  return numbers / size;
}

void check_name(std::string_view name, std::span<const ColumnInfo> others) {
  if (name.empty())
    throw Error(
        fmt::format("Dataset: expected a name for every column, got none after: {}", detail::describe_columns(others)));
  const auto same = std::ranges::find(others, name, &ColumnInfo::name);
  if (same != others.end())
    throw Error(fmt::format("Dataset: expected a name for every column, got \"{}\" twice, the first being {}", name,
                            detail::describe_column(*same)));
}

void check_labels(std::string_view column, const Labels& labels) {
  if (labels.classes == 0) throw Error(fmt::format("{}: expected at least one class, got 0", who(column)));
  if (constexpr std::size_t most = std::size_t{1} << 31; labels.classes > most)
    throw Error(fmt::format("{}: expected at most {} classes, as labels have 32 bits, got {}", who(column), most,
                            labels.classes));
  if (labels.per_sample == 0)
    throw Error(fmt::format("{}: expected at least one label per sample, got 0", who(column)));
}
void check_label_values(std::string_view column, const Labels& labels) {
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    const std::int32_t value = labels.values[i];
    if (value != ignore_index && (value < 0 || std::cmp_greater_equal(value, labels.classes)))
      throw Error(fmt::format("{}: label {} of sample {} is outside the {} classes: expected 0 to {}", who(column),
                              value, i / labels.per_sample, labels.classes, labels.classes - 1));
  }
}

template <class T>
std::vector<std::size_t> shape_of_targets(std::string_view column, const Targets<T>& targets) {
  if (targets.size == 0) throw Error(fmt::format("{}: expected targets of at least one number, got 0", who(column)));
  if (targets.shape.empty()) return {targets.size};
  if (product(targets.shape, column) != targets.size)
    throw Error(fmt::format("{}: expected a shape of {} numbers, got {}", who(column), targets.size,
                            detail::shape_text(targets.shape)));
  return targets.shape;
}

/// Columns of so many samples one behind the other in each row.
template <class Columns>
auto in_rows(Columns columns, std::size_t count, std::size_t row_size) {
  using Values = decltype(columns[0].values);
  if (columns.empty()) return Values{};
  if (columns.size() == 1) return std::move(columns[0].values);
  Values rows;
  rows.reserve(count * row_size);
  for (std::size_t i = 0; i < count; ++i)
    for (const auto& c : columns) {
      const std::size_t size = c.values.size() / count;
      const auto first = c.values.begin() + static_cast<std::ptrdiff_t>(i * size);
      rows.insert(rows.end(), first, first + static_cast<std::ptrdiff_t>(size));
    }
  return rows;
}

}  // namespace

template <std::floating_point T>
Dataset<T>::Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features)
    : sample_size_{product(sample_shape)}, sample_shape_{std::move(sample_shape)}, features_{std::move(features)} {
  size_ = rows_of("", sample_shape_, sample_size_, features_.size());
  columns_.push_back({"features", ColumnKind::features, sample_shape_, 0, sample_size_, 0});
}

template <std::floating_point T>
Dataset<T>::Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features, Labels labels)
    : Dataset{std::move(sample_shape), std::move(features)} {
  check_labels("", labels);
  // divided rather than multiplied: the product may be any number
  if (labels.values.size() / labels.per_sample != size_ || labels.values.size() % labels.per_sample != 0)
    throw Error(labels.per_sample == 1
                    ? fmt::format("Dataset: expected {} labels, one per sample, got {}", size_, labels.values.size())
                    : fmt::format("Dataset: expected {} labels, {} per sample, got {}",
                                  static_cast<double>(size_) * static_cast<double>(labels.per_sample),
                                  labels.per_sample, labels.values.size()));
  check_label_values("", labels);
  check_name(labels.name, columns_);
  columns_.push_back(
      {std::move(labels.name), ColumnKind::labels, {labels.per_sample}, 0, labels.per_sample, labels.classes});
  label_size_ = first_labels_ = labels.per_sample;
  classes_ = labels.classes;
  labels_ = std::move(labels.values);
}

template <std::floating_point T>
Dataset<T>::Dataset(std::vector<std::size_t> sample_shape, std::vector<T> features, Targets<T> targets)
    : Dataset{std::move(sample_shape), std::move(features)} {
  std::vector<std::size_t> shape = shape_of_targets("", targets);
  if (targets.values.size() / targets.size != size_ || targets.values.size() % targets.size != 0)
    throw Error(fmt::format("Dataset: expected {} targets of {} numbers, got {} numbers", size_, targets.size,
                            targets.values.size()));
  check_name(targets.name, columns_);
  columns_.push_back({std::move(targets.name), ColumnKind::targets, std::move(shape), 0, targets.size, 0});
  target_size_ = targets.size;
  targets_ = std::move(targets.values);
}

template <std::floating_point T>
Dataset<T>::Dataset(ColumnSet<T> set) {
  // First what each column is, so that nothing is copied before all is known to fit together.
  std::size_t next[4]{};
  std::string first;  // whose rows the others are counted against
  const auto take_in = [&](ColumnInfo info, std::size_t rows, std::size_t& row_size) {
    check_name(info.name, columns_);
    if (columns_.empty()) {
      size_ = rows;
      first = info.name;
    } else if (rows != size_) {
      throw Error(fmt::format("Dataset: expected as many samples in column \"{}\" as in \"{}\", {}, got {}", info.name,
                              first, size_, rows));
    }
    info.offset = row_size;
    if (info.size > std::numeric_limits<std::size_t>::max() - row_size)
      throw Error(fmt::format("{}: expected samples whose numbers can be counted, got {} more than {}", who(info.name),
                              info.size, row_size));
    row_size += info.size;
    columns_.push_back(std::move(info));
  };
  for (const ColumnKind kind : set.order) {
    const std::size_t k = next[static_cast<std::size_t>(kind)]++;
    if (kind == ColumnKind::features) {
      const Features<T>& c = set.features[k];
      const std::size_t size = product(c.shape, c.name);
      take_in({c.name, kind, c.shape, 0, size, 0}, rows_of(c.name, c.shape, size, c.values.size()), sample_size_);
    } else if (kind == ColumnKind::labels) {
      const Labels& c = set.labels[k];
      check_labels(c.name, c);
      check_label_values(c.name, c);
      take_in({c.name, kind, {c.per_sample}, 0, c.per_sample, c.classes},
              rows_of(c.name, {c.per_sample}, c.per_sample, c.values.size()), label_size_);
    } else if (kind == ColumnKind::targets) {
      const Targets<T>& c = set.targets[k];
      const std::vector<std::size_t> shape = shape_of_targets(c.name, c);
      take_in({c.name, kind, shape, 0, c.size, 0}, rows_of(c.name, shape, c.size, c.values.size()), target_size_);
    } else {
      const SampleWeights<T>& c = set.weights[k];
      if (k > 0)
        throw Error(fmt::format("Dataset: expected one column of sample weights, got \"{}\" and \"{}\"",
                                set.weights[0].name, c.name));
      for (std::size_t i = 0; i < c.values.size(); ++i)
        if (!std::isfinite(c.values[i]) || c.values[i] < 0)
          throw Error(fmt::format(
              "Dataset, column \"{}\": expected weights that are finite and at least 0, got {} of sample {}", c.name,
              c.values[i], i));
      std::size_t none = 0;
      take_in({c.name, kind, {1}, 0, 1, 0}, c.values.size(), none);
    }
  }
  if (set.features.empty())
    throw Error(
        fmt::format("Dataset: expected at least one column of features, got {}", detail::describe_columns(columns_)));

  sample_shape_ = set.features.size() == 1 ? set.features[0].shape : std::vector{sample_size_};
  features_ = in_rows(std::move(set.features), size_, sample_size_);
  targets_ = in_rows(std::move(set.targets), size_, target_size_);
  if (!set.weights.empty()) weights_ = std::move(set.weights[0].values);
  if (set.labels.empty()) return;
  classes_ = set.labels[0].classes;
  first_labels_ = set.labels[0].per_sample;
  labels_ = std::move(set.labels[0].values);
  for (std::size_t k = 1; k < set.labels.size(); ++k)
    labels_.insert(labels_.end(), set.labels[k].values.begin(), set.labels[k].values.end());
}

template <std::floating_point T>
void Dataset<T>::refuse(const char* what) const {
  throw Error(
      fmt::format("Dataset: expected {} in memory, got a stream ({}), which is read batch by batch; take(n) reads "
                  "some of it into memory",
                  what, source()->name));
}

template <std::floating_point T>
std::size_t Dataset<T>::shuffle_buffer() const noexcept {
  return source_ && source()->buffer < size_ ? source()->buffer : 0;
}

template <std::floating_point T>
void Dataset<T>::reshape(std::vector<std::size_t> sample_shape) {
  const std::size_t inputs = count_columns(columns_, ColumnKind::features);
  if (inputs > 1)
    throw Error(fmt::format("Dataset: expected the name of the column to be reshaped, got none; there are: {}",
                            detail::describe_columns(columns_)));
  if (inputs == 0) throw Error("Dataset: expected samples to reshape, got none");
  reshape(find_column(columns_, ColumnKind::features, 0).name, std::move(sample_shape));
}

template <std::floating_point T>
void Dataset<T>::reshape(std::string_view name, std::vector<std::size_t> shape) {
  const auto k = static_cast<std::size_t>(&find_column(columns_, name) - columns_.data());
  ColumnInfo& column = columns_[k];
  if (column.kind != ColumnKind::features && column.kind != ColumnKind::targets)
    throw Error(
        fmt::format("Dataset: expected features or targets to reshape, got \"{}\", {}", name, kind_name(column.kind)));
  if (augmentation_ && k == augmented_column_)
    throw Error(fmt::format("Dataset: the augmentation takes samples of {}, which cannot be reshaped",
                            detail::shape_text(column.shape)));
  const std::size_t size = product(shape);
  if (size != column.size)
    throw Error(fmt::format("Dataset: samples of {} are {} numbers, expected {} for {}",
                            detail::shape_text(column.shape), column.size, size, detail::shape_text(shape)));
  if (augmentation_) given_[k].shape = shape;
  if (column.kind == ColumnKind::features && count_columns(columns_, ColumnKind::features) == 1) sample_shape_ = shape;
  column.shape = std::move(shape);
}

template <std::floating_point T>
template <class U>
Dataset<U> Dataset<T>::described() const {
  Dataset<U> result;
  result.size_ = size_;
  result.columns_ = columns_;
  result.sample_size_ = sample_size_;
  result.label_size_ = label_size_;
  result.target_size_ = target_size_;
  result.sample_shape_ = sample_shape_;
  result.classes_ = classes_;
  result.first_labels_ = first_labels_;
  result.augmentation_ = augmentation_;
  result.augmentation_workers_ = augmentation_workers_;
  result.augmented_column_ = augmented_column_;
  result.given_size_ = given_size_;
  result.given_ = given_;
  return result;
}

template <std::floating_point T>
template <class U>
Dataset<U> Dataset<T>::as() const {
  held("numbers to convert");
  const auto convert = [](std::span<const T> numbers, std::size_t per_sample, const char* what) {
    std::vector<U> converted(numbers.size());
    std::ranges::transform(numbers, converted.begin(), [](T v) { return static_cast<U>(v); });
    if constexpr (sizeof(U) < sizeof(T))
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (std::isinf(converted[i]) && !std::isinf(numbers[i]))
          throw Error(fmt::format("Dataset: expected {} that a float can hold, up to 3.4e+38, got {} of sample {}",
                                  what, numbers[i], i / per_sample));
    return converted;
  };
  Dataset<U> result = described<U>();
  result.features_ = convert(features_, sample_size_, "features");
  result.labels_ = labels_;
  result.targets_ = convert(targets_, target_size_, "targets");
  result.weights_ = convert(weights_, 1, "weights");
  return result;
}

template class Dataset<float>;
template class Dataset<double>;
template Dataset<float> Dataset<float>::described<float>() const;
template Dataset<double> Dataset<double>::described<double>() const;
template Dataset<float> Dataset<float>::as<float>() const;
template Dataset<double> Dataset<float>::as<double>() const;
template Dataset<float> Dataset<double>::as<float>() const;
template Dataset<double> Dataset<double>::as<double>() const;

}  // namespace tenon
