#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tenon/hidden.hpp>

#include "tenon/data/dataset.hpp"
#include "tenon/net/mistakes.hpp"

namespace tenon {

template <std::floating_point T>
class DataLoader;

struct a_batch_size;

namespace detail {

template <class... Given>
inline constexpr bool are_loader_arguments = false;
template <IsData D, std::convertible_to<size_t> Size, class... Given>
inline constexpr bool are_loader_arguments<D, Size, Given...> = sizeof...(Given) <= 3 &&
                                                                (std::convertible_to<const Given&, std::uint64_t> &&
                                                                 ...);
template <class T>
inline constexpr bool are_loader_arguments<DataLoader<T>> = true;

}  // namespace detail

/// Some samples of an epoch, side by side in memory. The spans look into the loader's buffers and
/// hold until its next call; features and targets may be changed in place, say to augment them.
template <std::floating_point T = float>
struct Batch {
  std::span<T> features;                 ///< count x sample_size
  std::span<const std::int32_t> labels;  ///< count x label_size, one column behind the other; empty without labels
  std::span<T> targets;                  ///< count x target_size; empty without targets
  size_t count = 0;
  size_t first = 0;                       ///< how many samples of the epoch came before
  std::span<const size_t> indices;        ///< where each sample stands in the data set
  std::span<const T> weights{};           ///< count; empty where all samples count alike
  std::span<const ColumnInfo> columns{};  ///< what features, labels and targets are, as they are given: the data set's

  /// The numbers of a column, by its name or its number among those of its kind, from 0. Throw an Error where the data
  /// set has no such column.
  ColumnView<T> feature_column(WhichColumn which) const {
    const ColumnInfo& c = find_column(columns, ColumnKind::features, which);
    return {features.data() + c.offset, count, features.size() / count, c.size};
  }
  ColumnView<T> target_column(WhichColumn which) const {
    const ColumnInfo& c = find_column(columns, ColumnKind::targets, which);
    return {targets.data() + c.offset, count, targets.size() / count, c.size};
  }
  std::span<const std::int32_t> label_column(WhichColumn which) const {
    const ColumnInfo& c = find_column(columns, ColumnKind::labels, which);
    return labels.subspan(count * c.offset, count * c.size);
  }
};

/// Rows of a batch, from `first` up to but without `end`.
struct RowRange {
  size_t first = 0, end = 0;
};
/// Which rows of each batch are this process's: those of its shards (dist/tree.hpp). All, where there is one rank.
struct RowShare {
  size_t shards = 1, rank = 0, ranks = 1;
  RowRange operator()(size_t count) const;
};

/// The place of a loader in its data; with it, a resumed run sees the same batches as an unbroken one.
struct LoaderState {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  size_t position = 0;  ///< samples of the epoch already given

  bool operator==(const LoaderState&) const = default;
};

/// Cuts a data set into batches, in a new order every epoch.
///
///     DataLoader loader{train, 64, seed};
///     Batch batch;
///     for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
///       loader.start_epoch(epoch);
///       while (loader.next(batch)) ...
///     }
///
/// The order follows from (seed, epoch) alone, and of a stream from its buffer. All memory is taken on construction.
/// The data set is referred to, not copied: it has to outlive the loader. Where it has an augmentation, samples
/// come changed by it (data/augment.hpp), prepared by threads while the last batch is worked on;
/// mixed ones have distributions as targets and no labels.
template <std::floating_point T = float>
class DataLoader {
public:
  /// Starts at epoch 0. The last batch of an epoch may be smaller, or be left out.
  DataLoader(const Dataset<T>& dataset, size_t batch_size, std::uint64_t seed = 0, bool shuffle = true,
             bool drop_last = false);
  DataLoader(const Dataset<T>&&, size_t, std::uint64_t = 0, bool = true, bool = false) = delete;
  /// Not `DataLoader{data, 64, false}`: the third argument is the seed.
  template <std::same_as<bool> Shuffle>
  DataLoader(const Dataset<T>&, size_t, Shuffle) = delete;
  template <class... Given>
    requires(!detail::are_loader_arguments<Given...>)
  explicit DataLoader(const Given&...) : DataLoader(Refused{}) {
    detail::refuse<wrong_argument<argument<"DataLoader", "arguments">, takes<a_data_set, a_batch_size>,
                                  but_gets<Given...>, write<"DataLoader{data, 64, seed}">>>();
  }
  ~DataLoader();
  DataLoader(DataLoader&&) noexcept;
  DataLoader& operator=(DataLoader&&) noexcept;

  /// Goes to the beginning of an epoch.
  void start_epoch(std::uint64_t epoch);
  /// Fills the next batch; false at the end of the epoch, the batch then being empty.
  bool next(Batch<T>& batch);

  /// From now on only these rows of a batch are filled with features and targets: those that another process works on
  /// are not read. Labels, weights and indices are always those of all.
  void only(const RowShare& rows);

  /// Batches per epoch.
  size_t batches() const noexcept;
  size_t batch_size() const noexcept { return batch_size_; }
  const Dataset<T>& dataset() const noexcept { return *dataset_; }

  LoaderState state() const noexcept { return {seed_, epoch_, position_}; }
  /// Goes to where another loader of the same data was; its seed becomes this one's.
  void restore(const LoaderState& state);

private:
  class Prefetcher;
  struct Refused {};
  explicit DataLoader(Refused);  // only declared: what comes to it does not compile
  struct Ahead;                  // who prepares batches: of data with an augmentation, or of a stream

  const Dataset<T>* dataset_;
  size_t batch_size_;
  std::uint64_t seed_;
  bool shuffle_;
  bool drop_last_;
  std::uint64_t epoch_ = 0;
  size_t position_ = 0;
  std::vector<size_t> order_;
  std::vector<T> features_;
  std::vector<std::int32_t> labels_;
  std::vector<T> targets_;
  std::vector<T> weights_;
  RowShare only_{};
  detail::Hidden<Ahead> ahead_;
};

extern template class DataLoader<float>;
extern template class DataLoader<double>;

template <std::floating_point T = float>
using Loader [[deprecated("called DataLoader")]] = DataLoader<T>;

}  // namespace tenon
