#include "tenon/data/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "batch_ring.hpp"
#include "stream_access.hpp"
#include "tenon/data/row_source.hpp"
#include "tenon/error.hpp"
#include "tenon/random.hpp"
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

/// How many of `size` samples train.
std::size_t training_part(double fraction, std::size_t size, const char* function) {
  if (!(fraction > 0 && fraction < 1))
    throw Error(fmt::format("{}: expected a fraction between 0 and 1, got {}", function, fraction));
  const auto part = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(size)));
  if (part == 0 || part == size)
    throw Error(fmt::format("{}: {} of {} samples leaves one part empty", function, fraction, size));
  return part;
}

std::vector<std::size_t> shuffled_indices(std::size_t size, std::uint64_t seed) {
  std::vector<std::size_t> indices(size);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  Stream stream{seed, Purpose::split};
  shuffle(indices, stream);
  return indices;
}

/// How many samples of each class train. The quotas add up to `total`: rounding every class on its
/// own would miss it by up to half the number of classes.
std::map<std::int32_t, std::size_t> quotas(std::span<const std::int32_t> labels, double fraction, std::size_t total) {
  std::map<std::int32_t, std::size_t> counts;
  for (const std::int32_t label : labels) ++counts[label];

  std::map<std::int32_t, std::size_t> quota;
  std::vector<std::pair<double, std::int32_t>> remainders;  // negative: the largest sorts first
  std::size_t assigned = 0;
  for (const auto& [label, count] : counts) {
    const double share = fraction * static_cast<double>(count);
    quota[label] = static_cast<std::size_t>(share);
    assigned += quota[label];
    remainders.emplace_back(std::floor(share) - share, label);
  }
  std::ranges::sort(remainders);
  for (std::size_t i = 0; i < remainders.size() && assigned < total; ++i, ++assigned) ++quota[remainders[i].second];
  return quota;
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
void Dataset<T>::augment(const Augmentation* augmentation, std::size_t workers, std::string_view name) {
  if (!augmentation) {
    augmentation_ = nullptr;
    return;
  }
  if (workers > detail::most_workers)
    throw Error(fmt::format("Dataset: expected at most {} workers, got {}", detail::most_workers, workers));
  const std::size_t inputs = count_columns(columns_, ColumnKind::features);
  if (name.empty() && inputs > 1)
    throw Error(fmt::format("Dataset: expected the name of the column to be augmented, got none; there are: {}",
                            detail::describe_columns(columns_)));
  if (inputs == 0) throw Error("Dataset: expected samples to augment, got none");
  const ColumnInfo& column = name.empty() ? find_column(columns_, ColumnKind::features, 0)
                                          : find_column(columns_, ColumnKind::features, name);
  if (!std::ranges::equal(augmentation->input, column.shape))
    throw Error(fmt::format("Dataset: expected samples of {} for the augmentation, got {}",
                            detail::shape_text({augmentation->input.begin(), augmentation->input.end()}),
                            detail::shape_text(column.shape)));
  const bool mixes = augmentation->mixup > 0;
  const std::size_t answers = count_columns(columns_, ColumnKind::labels) +
                              count_columns(columns_, ColumnKind::targets);
  if (mixes && (inputs > 1 || answers > 1 || has_weights()))
    throw Error(fmt::format("Dataset: Mixup mixes whole samples, expected one column of features, one of labels or "
                            "targets, and no weights, got {}",
                            detail::describe_columns(columns_)));
  augmentation_ = augmentation;
  augmentation_workers_ = workers;
  augmented_column_ = static_cast<std::size_t>(&column - columns_.data());

  given_ = columns_;
  given_size_ = 0;
  for (std::size_t k = 0; k < given_.size(); ++k) {
    ColumnInfo& c = given_[k];
    if (c.kind == ColumnKind::features) {
      if (k == augmented_column_) {
        c.shape.assign(augmentation->output.begin(), augmentation->output.end());
        c.size = augmentation->output_size();
      }
      c.offset = given_size_;
      given_size_ += c.size;
    } else if (c.kind == ColumnKind::labels && mixes) {
      c = {c.name, ColumnKind::targets, {c.classes}, 0, c.classes, 0};
    }
  }
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
void Dataset<T>::give(std::size_t index, T* row, T* scratch, Stream* stream) const {
  give_row(sample(index).data(), row, scratch, stream);
}

template <std::floating_point T>
void Dataset<T>::give_row(const T* features, T* row, T* scratch, Stream* stream) const {
  for (std::size_t k = 0; k < columns_.size(); ++k) {
    const ColumnInfo& c = columns_[k];
    if (c.kind != ColumnKind::features) continue;
    const T* const from = features + c.offset;
    if (augmentation_ && k == augmented_column_) augmentation_->apply(from, row + given_[k].offset, scratch, stream);
    else std::copy_n(from, c.size, row + (augmentation_ ? given_[k].offset : c.offset));
  }
}

template <std::floating_point T>
Dataset<T> Dataset<T>::prepared() const {
  if (!augmentation_) return *this;
  Dataset result = described<T>();
  if (source_) result.source_ = detail::Streaming<T>::prepared(*this);
  result.labels_ = labels_;
  result.targets_ = targets_;
  result.weights_ = weights_;
  result.augmentation_ = nullptr;
  result.given_.clear();
  result.sample_size_ = given_size();
  for (std::size_t k = 0; k < columns_.size(); ++k)
    if (columns_[k].kind == ColumnKind::features) result.columns_[k] = given_[k];
  result.sample_shape_ = count_columns(columns_, ColumnKind::features) == 1 ? given_[augmented_column_].shape
                                                                            : std::vector{given_size()};
  if (source_) return result;
  result.features_.assign(size_ * result.sample_size_, T(0));
  std::vector<T> scratch(augmentation_->scratch);
  for (std::size_t i = 0; i < size_; ++i)
    give(i, result.features_.data() + i * result.sample_size_, scratch.data(), nullptr);
  return result;
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
Dataset<T> Dataset<T>::select(std::span<const std::string_view> names) const {
  held("columns to choose from");
  const auto numbers = [](const ColumnView<const T>& column) {
    std::vector<T> values;
    values.reserve(column.count * column.size);
    for (std::size_t i = 0; i < column.count; ++i) values.insert(values.end(), column[i].begin(), column[i].end());
    return values;
  };
  ColumnSet<T> set;
  bool augmented = false;
  for (const std::string_view name : names) {
    const ColumnInfo& c = column(name);
    augmented = augmented || (augmentation_ && &c == &columns_[augmented_column_]);
    if (c.kind == ColumnKind::features) {
      set.add(Features<T>{c.name, c.shape, numbers(feature_view(c))});
    } else if (c.kind == ColumnKind::targets) {
      set.add(Targets<T>{numbers(target_view(c)), c.size, c.name, c.shape});
    } else if (c.kind == ColumnKind::labels) {
      const auto labels = label_column(name);
      set.add(Labels{{labels.begin(), labels.end()}, c.classes, c.size, c.name});
    } else {
      set.add(SampleWeights<T>{weights_, c.name});
    }
  }
  Dataset result(std::move(set));
  if (augmented) result.augment(augmentation_, augmentation_workers_, columns_[augmented_column_].name);
  return result;
}

template <std::floating_point T>
Dataset<T> Dataset<T>::subset(std::span<const std::size_t> indices) const {
  held("samples to choose from");
  for (const std::size_t index : indices)
    if (index >= size_) throw Error(fmt::format("Dataset: no sample {}: there are {}", index, size_));

  Dataset part = described<T>();
  part.size_ = indices.size();
  // the rows with these indices of a block
  const auto pick = [&](const auto& from, std::size_t row_size, auto& to) {
    for (const std::size_t index : indices) {
      const auto row = from.subspan(index * row_size, row_size);
      to.insert(to.end(), row.begin(), row.end());
    }
  };
  part.features_.reserve(indices.size() * sample_size_);
  part.labels_.reserve(indices.size() * label_size_);
  part.targets_.reserve(indices.size() * target_size_);
  part.weights_.reserve(has_weights() ? indices.size() : 0);
  pick(features(), sample_size_, part.features_);
  pick(targets(), target_size_, part.targets_);
  for (const ColumnInfo& c : columns_)
    if (c.kind == ColumnKind::labels) pick(labels().subspan(size_ * c.offset, size_ * c.size), c.size, part.labels_);
  if (has_weights()) pick(weights(), 1, part.weights_);
  return part;
}

template <std::floating_point T>
Dataset<T> Dataset<T>::take(std::size_t count) const {
  if (source_) return detail::Streaming<T>::read(*this, std::min(count, size_));
  std::vector<std::size_t> indices(std::min(count, size_));
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return subset(indices);
}

template <std::floating_point T>
DatasetSplit<T> Dataset<T>::split(double fraction, std::uint64_t seed) const {
  held("samples to be dealt");
  const std::size_t part = training_part(fraction, size_, "split");
  const auto indices = shuffled_indices(size_, seed);
  const auto all = std::span{indices};
  return {subset(all.first(part)), subset(all.subspan(part))};
}

template <std::floating_point T>
DatasetSplit<T> Dataset<T>::stratified_split(double fraction, std::uint64_t seed, std::string_view name) const {
  held("samples to be dealt");
  if (!has_labels()) throw Error("stratified_split: expected a data set with class labels, got none");
  if (name.empty() && count_columns(columns_, ColumnKind::labels) > 1)
    throw Error(fmt::format("stratified_split: expected the name of a labels column, got none; there are: {}",
                            detail::describe_columns(columns_)));
  const ColumnInfo& column = name.empty() ? find_column(columns_, ColumnKind::labels, 0)
                                          : find_column(columns_, ColumnKind::labels, name);
  if (column.size != 1)
    throw Error(fmt::format("stratified_split: expected one label per sample, got {}", column.size));
  const std::size_t part = training_part(fraction, size_, "stratified_split");
  const auto labels = this->labels().subspan(size_ * column.offset, size_);
  auto quota = quotas(labels, fraction, part);

  std::vector<std::size_t> train;
  std::vector<std::size_t> test;
  for (const std::size_t index : shuffled_indices(size_, seed)) {
    std::size_t& left = quota[labels[index]];
    (left > 0 ? train : test).push_back(index);
    if (left > 0) --left;
  }
  return {subset(train), subset(test)};
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
