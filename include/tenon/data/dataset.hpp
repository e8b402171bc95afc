#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "tenon/data/augmentation.hpp"
#include "tenon/data/columns.hpp"
#include "tenon/net/mistakes.hpp"
#include "tenon/random.hpp"

namespace tenon {

template <std::floating_point T>
class Dataset;
template <std::floating_point T>
struct DatasetSplit;

namespace detail {
template <std::floating_point T>
class RowSource;
template <std::floating_point T>
struct Streaming;

template <class T>
void as_data_set(const Dataset<T>&);
/// A data set of either precision, typed or not.
template <class D>
concept IsData = requires(const D& data) {
  as_data_set(data);
};

template <class C>
inline constexpr bool is_column = ColumnOf<C, float> || ColumnOf<C, double>;
template <class T>
inline constexpr bool is_column_set = false;
template <class T>
inline constexpr bool is_column_set<ColumnSet<T>> = true;

/// Whether a data set is made of these.
template <class... Given>
inline constexpr bool are_dataset_arguments = (is_column<Given> && ...);
template <class D>
  requires(IsData<D> || is_column_set<D>)
inline constexpr bool are_dataset_arguments<D> = true;
template <std::convertible_to<std::vector<size_t>> Shape, class Numbers, class... Answers>
  requires(!is_column<Shape> && sizeof...(Answers) <= 1 &&
           (std::convertible_to<const Numbers&, std::vector<float>> ||
            std::convertible_to<const Numbers&, std::vector<double>>))
inline constexpr bool are_dataset_arguments<Shape, Numbers, Answers...> = (is_column<Answers> && ...);

}  // namespace detail

struct a_data_set;
struct columns_or_a_shape_and_numbers;

/// Samples in memory, each with a class index, with target numbers, or with neither.
///
///     Dataset<float> points{{2}, {0, 0,  0, 1,  1, 0,  1, 1}, Labels{{0, 1, 1, 0}, 2}};
///     points.size();     // 4
///     points.sample(2);  // the span {1, 0}
///     points.label(2);   // 1
///     auto [train, test] = digits().stratified_split(0.8, seed);
///
/// The features of all samples are one contiguous block, sample by sample, row-major within a
/// sample, whose shape is known at run time: {64} or {1, 28, 28}. A constructor that meets sizes
/// that don't agree, or a label outside its classes, throws an Error.
///
/// What samples are made of may also be several columns with names, any number of each kind but of weights:
///
///     Dataset data{Features{"image", {1, 28, 28}, pixels}, Features{"table", {5}, numbers},
///                  Labels{digits, 10}.named("digit"), Targets{values, 1}.named("value"), SampleWeights{importance}};
///     data.feature_column("table")[3];  // five numbers of sample 3
///     data.label_column("digit")[3];
///
/// A sample's features columns lie one behind the other in one row, of sample_size() numbers, and so do its
/// targets; the labels of a column are a block, behind those of the column before. The one column of the shorter
/// constructors is called "features", "labels" or "targets".
/// A data set may also be a stream (data/stream.hpp), whose samples are read as a loader or an evaluation comes to
/// them. Then there are no blocks of numbers: what asks for one throws an Error.
/// T is float or double.
template <std::floating_point T = float>
class Dataset {
public:
  using value_type = T;

  /// No samples at all.
  Dataset() = default;
  /// Samples alone: for prediction, or a network that reproduces its input, in which the features are the targets
  /// (see `answers_itself`).
  Dataset(std::vector<size_t> sample_shape, std::vector<T> features);
  Dataset(std::vector<size_t> sample_shape, std::vector<T> features, Labels labels);
  Dataset(std::vector<size_t> sample_shape, std::vector<T> features, Targets<T> targets);
  /// Columns, in the order of writing.
  template <class... Column>
    requires(sizeof...(Column) > 0 && (detail::ColumnOf<Column, T> && ...))
  explicit Dataset(Column... columns)
      : Dataset([&] {
          ColumnSet<T> set;
          (set.add(std::move(columns)), ...);
          return set;
        }()) {}
  explicit Dataset(ColumnSet<T> columns);
  template <class... Given>
    requires(sizeof...(Given) > 0 && !detail::are_dataset_arguments<Given...>)
  explicit Dataset(const Given&...) {
    detail::refuse<
        wrong_argument<argument<"Dataset", "columns">, takes<columns_or_a_shape_and_numbers>, but_gets<Given...>,
                       write<"Dataset{Features{\"x\", {4}, numbers}, Labels{classes, 3}}">>>();
  }

  size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  std::span<const ColumnInfo> columns() const noexcept { return {columns_.data(), columns_.size()}; }
  /// The columns as a loader gives them: an augmentation may change the shape of one, and Mixup makes targets of
  /// labels.
  std::span<const ColumnInfo> given_columns() const noexcept {
    const std::vector<ColumnInfo>& given = augmentation_ ? given_ : columns_;
    return {given.data(), given.size()};
  }
  /// Throws an Error with the names there are where none is called so.
  const ColumnInfo& column(std::string_view name) const { return find_column(columns(), name); }
  /// The numbers of a column, by its name or by its number among those of its kind, from 0. Throw an Error where
  /// there is none.
  ColumnView<const T> feature_column(WhichColumn which) const {
    return feature_view(find_column(columns(), ColumnKind::features, which));
  }
  ColumnView<const T> target_column(WhichColumn which) const {
    return target_view(find_column(columns(), ColumnKind::targets, which));
  }
  std::span<const std::int32_t> label_column(WhichColumn which) const {
    const ColumnInfo& c = find_column(columns(), ColumnKind::labels, which);
    return labels().subspan(size_ * c.offset, size_ * c.size);
  }

  /// The shape of the samples; several features columns are one row.
  const std::vector<size_t>& sample_shape() const noexcept { return sample_shape_; }
  /// Numbers per sample: the product of sample_shape().
  size_t sample_size() const noexcept { return sample_size_; }
  std::span<const T> features() const { return held("features"), std::span<const T>(features_); }
  /// Writable, say to standardise the features.
  std::span<T> features() { return held("features"), std::span<T>(features_); }
  std::span<const T> sample(size_t i) const { return features().subspan(i * sample_size_, sample_size_); }

  bool has_labels() const noexcept { return label_size_ > 0; }
  /// The number of classes of the first labels column; 0 without labels.
  size_t classes() const noexcept { return classes_; }
  /// Class indices per sample, in all labels columns; 0 without labels.
  size_t label_size() const noexcept { return label_size_; }
  /// Of all labels columns, one behind the other.
  std::span<const std::int32_t> labels() const { return held("labels"), shown_labels(); }
  /// A sample's labels in the first labels column.
  std::span<const std::int32_t> labels(size_t i) const { return labels().subspan(i * first_labels_, first_labels_); }
  /// The only label of a sample, or the first.
  std::int32_t label(size_t i) const { return labels()[i * first_labels_]; }

  bool has_targets() const noexcept { return target_size_ > 0; }
  /// Target numbers per sample, of all targets columns; 0 without targets.
  size_t target_size() const noexcept { return target_size_; }
  std::span<const T> targets() const { return held("targets"), std::span<const T>(targets_); }
  /// Writable, say to bring them to a common size.
  std::span<T> targets() { return held("targets"), std::span<T>(targets_); }
  std::span<const T> target(size_t i) const { return targets().subspan(i * target_size_, target_size_); }

  bool has_weights() const noexcept { return !weights_.empty(); }
  /// What each sample counts for; empty where all count alike.
  std::span<const T> weights() const { return held("weights"), std::span<const T>(weights_); }

  /// Whether samples are read as they are needed instead of lying in memory.
  bool streamed() const noexcept { return static_cast<bool>(source_); }
  /// Where from; null of data in memory.
  const detail::RowSource<T>* source() const noexcept {
    return static_cast<const detail::RowSource<T>*>(source_.get());
  }
  /// Through how many samples a stream is shuffled at a time; 0 where all are shuffled together, as in memory.
  size_t shuffle_buffer() const noexcept;
  /// How many samples are compared with a network before it is trained: all of them, or, of a stream, a single one with
  /// the largest label there may be.
  size_t shown_samples() const noexcept { return source_ ? 1 : size_; }
  std::span<const std::int32_t> shown_labels() const noexcept { return {labels_.data(), labels_.size()}; }

  /// Neither labels nor targets: what a network should give is what it was given.
  bool answers_itself() const noexcept { return !has_labels() && !has_targets(); }

  /// From now on a loader gives the features, or this column of several, through this augmentation, on so many
  /// threads of its own. Throws an Error where its samples have another shape, or Mixup has more than one column of
  /// features or answers before it. See `augmented` in data/augment.hpp.
  void augment(const Augmentation* augmentation, size_t workers, std::string_view column = {});
  /// Null where there is none.
  const Augmentation* augmentation() const noexcept { return augmentation_; }
  size_t augmentation_workers() const noexcept { return augmentation_workers_; }
  /// Numbers per sample as a network is given it: sample_size() unless an augmentation changes that.
  size_t given_size() const noexcept { return augmentation_ ? given_size_ : sample_size_; }
  /// Writes one sample to `row`, through the augmentation if there is one; a null stream leaves out all that is random,
  /// as evaluation does.
  void give(size_t index, T* row, T* scratch, Stream* stream) const;
  /// The same for a sample's features that lie elsewhere.
  void give_row(const T* features, T* row, T* scratch, Stream* stream) const;
  /// The samples as evaluation takes them (normalised, the middle cut out), without an augmentation.
  Dataset prepared() const;

  /// The same numbers with samples of another shape: {1, 8, 8} flattens to {64}.
  void reshape(std::vector<size_t> sample_shape);
  /// The same for a column of features or targets.
  void reshape(std::string_view column, std::vector<size_t> shape);

  /// The same samples with these columns alone, in this order. An augmentation goes with its column.
  Dataset select(std::span<const std::string_view> names) const;
  Dataset select(std::initializer_list<std::string_view> names) const {
    return select(std::span(names.begin(), names.size()));
  }

  /// The samples with these indices, in this order; an index may repeat.
  Dataset subset(std::span<const size_t> indices) const;
  /// The first `count` samples, or all where there are fewer; of a stream they are read into memory.
  Dataset take(size_t count) const;

  /// Deals the samples at random into round(fraction * size()) for training and the rest for
  /// testing, at least one each. The same seed gives the same split everywhere.
  DatasetSplit<T> split(double fraction, std::uint64_t seed) const;
  /// The same, every class being dealt by this fraction too. Of the n samples of a class
  /// floor(fraction * n) train, and one more in the classes with the largest remainders
  /// (the lower class where these are equal), until round(fraction * size()) is reached.
  /// Where there are several labels columns, one has to be named.
  DatasetSplit<T> stratified_split(double fraction, std::uint64_t seed, std::string_view column = {}) const;

  /// The same samples in another precision.
  template <class U>
  Dataset<U> as() const;

private:
  template <std::floating_point U>
  friend class Dataset;
  friend struct detail::Streaming<T>;

  void held(const char* what) const {
    if (source_) refuse(what);
  }
  [[noreturn]] void refuse(const char* what) const;

  ColumnView<const T> feature_view(const ColumnInfo& c) const {
    return {features().data() + c.offset, size_, sample_size_, c.size};
  }
  ColumnView<const T> target_view(const ColumnInfo& c) const {
    return {targets().data() + c.offset, size_, target_size_, c.size};
  }
  /// This data set without its numbers.
  template <class U>
  Dataset<U> described() const;

  size_t size_ = 0;
  std::vector<ColumnInfo> columns_;
  size_t sample_size_ = 0, label_size_ = 0, target_size_ = 0;
  std::vector<size_t> sample_shape_;
  size_t classes_ = 0, first_labels_ = 0;  // of the first labels column
  std::vector<T> features_;
  std::vector<std::int32_t> labels_;
  std::vector<T> targets_;
  std::vector<T> weights_;

  const Augmentation* augmentation_ = nullptr;
  size_t augmentation_workers_ = 0;
  size_t augmented_column_ = 0, given_size_ = 0;  // where it stands among the columns
  std::vector<ColumnInfo> given_;

  std::shared_ptr<const void> source_{};  // of a stream, a RowSource<T>; labels and weights are those of one sample
};

template <std::floating_point T, class... Column>
Dataset(Features<T>, Column...) -> Dataset<T>;

/// What split() returns.
template <std::floating_point T = float>
struct DatasetSplit {
  Dataset<T> train;
  Dataset<T> test;
};

extern template class Dataset<float>;
extern template class Dataset<double>;

}  // namespace tenon
