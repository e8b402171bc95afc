#include "tenon/data/loader.hpp"

#include <algorithm>
#include <numeric>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "../row_room.hpp"
#include "batch_ring.hpp"
#include "stream_loader.hpp"
#include "tenon/data/augment/image.hpp"
#include "tenon/dist/tree.hpp"
#include "tenon/error.hpp"
#include "tenon/random.hpp"

namespace tenon {

namespace {

/// The labels of these samples, column by column, and their weights.
template <class T>
void copy_labels(const Dataset<T>& data, std::span<const std::size_t> indices, std::int32_t* to) {
  for (const ColumnInfo& c : data.columns()) {
    if (c.kind != ColumnKind::labels) continue;
    const std::int32_t* const block = data.labels().data() + data.size() * c.offset;
    for (const std::size_t index : indices) to = std::copy_n(block + index * c.size, c.size, to);
  }
}
template <class T>
void copy_weights(const Dataset<T>& data, std::span<const std::size_t> indices, T* to) {
  if (!data.has_weights()) return;
  for (const std::size_t index : indices) *to++ = data.weights()[index];
}
/// The rows of these numbers, `size` numbers each, one behind the other. They are all over the data, where no processor
/// foresees them: while one is copied, the one after the next is asked for.
template <class T>
void copy_rows(std::span<const T> data, std::size_t size, std::span<const std::size_t> indices, T* to) {
  constexpr std::size_t line = 64 / sizeof(T), ahead = 2;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const T* const row = data.data() + indices[i] * size;
    const T* const later = data.data() + indices[std::min(i + ahead, indices.size() - 1)] * size;
    std::size_t j = 0;
    for (; j + line <= size; j += line) {
      __builtin_prefetch(later + j);
      std::copy_n(row + j, line, to + j);
    }
    std::copy_n(row + j, size - j, to + j);
    to += size;
  }
}

}  // namespace

RowRange RowShare::operator()(std::size_t count) const {
  if (ranks <= 1) return {0, count};
  const detail::ShardPlan plan = detail::ShardPlan::of(count, shards);
  const detail::ShardRange own = plan.computed_by(rank, ranks);
  return {plan.start_of(own.first), plan.start_of(own.end)};
}

std::size_t default_workers() noexcept {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 5) - 1;
}

/// Prepares the batches of an epoch ahead of their use.
template <std::floating_point T>
class DataLoader<T>::Prefetcher {
public:
  Prefetcher(const Dataset<T>& data, std::size_t batch_size)
      : data_(data),
        augmentation_(*data.augmentation()),
        buffers_(detail::BatchRing::places(data.augmentation_workers())),
        ring_(batch_size, data.size()) {
    const std::size_t rows = std::min(batch_size, data.size());
    targets_ = mixes() && data.has_labels() ? data.classes() : data.target_size();
    for (Buffer& b : buffers_) {
      detail::make_row_room(b.features, "DataLoader", rows, data.given_size());
      detail::make_row_room(b.labels, "DataLoader", rows, labelled() ? data.label_size() : 0);
      detail::make_row_room(b.targets, "DataLoader", rows, targets_);
      detail::make_row_room(b.weights, "DataLoader", rows, data.has_weights() ? 1 : 0);
    }
    const std::size_t threads = data.augmentation_workers();
    for (std::size_t k = 0; k < std::max<std::size_t>(threads, 1); ++k)
      scratch_.emplace_back(augmentation_.scratch + (mixes() ? data.given_size() : 0));
    ring_.start(
        threads,
        [this](std::size_t place, std::size_t first, std::size_t count, std::size_t worker) {
          fill(buffers_[place], first, count, scratch_[worker].data());
        },
        "augment samples", "augmented(data, workers) asks for fewer, 0 for none");
  }

  /// Forgets what is being prepared and goes by this order; preparing begins when a batch is asked for.
  void begin(std::uint64_t seed, std::uint64_t epoch, const std::vector<std::size_t>& order) {
    ring_.halt();
    seed_ = seed;
    epoch_ = epoch;
    order_ = order;
  }

  void only(const RowShare& rows) {
    ring_.halt();
    only_ = rows;
  }

  /// The `count` samples from position `first` on; the first batch asked for says where the others follow.
  void take(std::size_t first, std::size_t count, std::size_t batches_left, Batch<T>& batch) {
    Buffer& b = buffers_[ring_.take(first, count, batches_left)];
    batch.features = std::span{b.features}.first(count * data_.given_size());
    batch.labels = std::span{b.labels}.first(labelled() ? count * data_.label_size() : 0);
    batch.targets = std::span{b.targets}.first(count * targets_);
    batch.weights = std::span{b.weights}.first(data_.has_weights() ? count : 0);
  }

private:
  struct Buffer {
    std::vector<T> features, targets, weights;
    std::vector<std::int32_t> labels;
  };

  bool mixes() const { return augmentation_.mixup > 0; }
  bool labelled() const { return data_.has_labels() && !mixes(); }

  void fill(Buffer& b, std::size_t first, std::size_t count, T* scratch) const {
    const RowRange rows = only_(count);
    for (std::size_t row = rows.first; row < rows.end; ++row) {
      const std::size_t index = order_[first + row];
      T* const features = b.features.data() + row * data_.given_size();
      T* const targets = b.targets.data() + row * targets_;
      Stream stream(seed_, Purpose::augmentation, static_cast<std::uint32_t>(index), 2 * epoch_);
      data_.give(index, features, scratch, &stream);
      if (mixes()) {
        answer(index, T(1), targets);
        mix(index, features, targets, scratch);
      } else {
        std::ranges::copy(data_.target(index), targets);
      }
    }
    const auto indices = std::span{order_}.subspan(first, count);
    if (labelled()) copy_labels(data_, indices, b.labels.data());
    copy_weights(data_, indices, b.weights.data());
  }

  /// features = share features + (1 - share) another sample's, and the answers alike.
  void mix(std::size_t index, T* features, T* targets, T* scratch) const {
    Stream stream(seed_, Purpose::augmentation, static_cast<std::uint32_t>(index), 2 * epoch_ + 1);
    const T share = static_cast<T>(augment::draw_beta(augmentation_.mixup, stream));
    const auto other = static_cast<std::size_t>(stream.below(data_.size()));
    T* const others = scratch + augmentation_.scratch;
    data_.give(other, others, scratch, &stream);
    for (std::size_t i = 0; i < data_.given_size(); ++i) features[i] = share * features[i] + (1 - share) * others[i];
    for (std::size_t i = 0; i < targets_; ++i) targets[i] *= share;
    answer(other, 1 - share, targets);
  }
  /// Sets (share 1) or adds a sample's answer, classes as a distribution.
  void answer(std::size_t index, T share, T* targets) const {
    if (share == T(1)) std::fill_n(targets, targets_, T(0));
    // `ignore_index` is no class: the sample answers nothing
    if (data_.has_labels() && targets_ > 0 && data_.label(index) >= 0) targets[data_.label(index)] += share;
    for (std::size_t i = 0; i < data_.target_size(); ++i) targets[i] += share * data_.target(index)[i];
  }

  const Dataset<T>& data_;
  const Augmentation& augmentation_;
  std::size_t targets_ = 0;
  std::vector<Buffer> buffers_;
  std::vector<std::vector<T>> scratch_;
  std::uint64_t seed_ = 0, epoch_ = 0;
  std::vector<std::size_t> order_;
  RowShare only_{};
  detail::BatchRing ring_;  // ends first
};

template <std::floating_point T>
DataLoader<T>::~DataLoader() = default;
template <std::floating_point T>
DataLoader<T>::DataLoader(DataLoader&&) noexcept = default;
template <std::floating_point T>
DataLoader<T>& DataLoader<T>::operator=(DataLoader&&) noexcept = default;

template <std::floating_point T>
struct DataLoader<T>::Ahead {
  std::unique_ptr<Prefetcher> prefetcher;
  std::unique_ptr<detail::StreamLoader<T>> stream;
};

template <std::floating_point T>
DataLoader<T>::DataLoader(const Dataset<T>& dataset, std::size_t batch_size, std::uint64_t seed, bool shuffle,
                          bool drop_last)
    : dataset_{&dataset},
      batch_size_{batch_size},
      seed_{seed},
      shuffle_{shuffle},
      drop_last_{drop_last},
      order_(dataset.streamed() ? 0 : dataset.size()) {
  if (dataset.empty()) throw Error("DataLoader: expected a data set with samples, got an empty one");
  if (batch_size == 0) throw Error("DataLoader: expected a batch size of at least 1, got 0");
  if (batches() == 0)
    throw Error(
        fmt::format("DataLoader: expected at least one batch of {}, got {} samples", batch_size, dataset.size()));
  if (dataset.streamed()) {
    ahead_ = detail::Hidden<Ahead>(new Ahead);
    ahead_->stream = std::make_unique<detail::StreamLoader<T>>(dataset, batch_size, shuffle);
    start_epoch(0);
    return;
  }
  if (dataset.augmentation()) {
    if (dataset.augmentation()->mixup > 0 && dataset.label_size() > 1)
      throw Error(fmt::format("DataLoader: expected one label per sample for Mixup, got {}", dataset.label_size()));
    ahead_ = detail::Hidden<Ahead>(new Ahead);
    ahead_->prefetcher = std::make_unique<Prefetcher>(dataset, batch_size);
    start_epoch(0);
    return;
  }
  const std::size_t rows = std::min(batch_size, dataset.size());
  detail::make_row_room(features_, "DataLoader", rows, dataset.sample_size());
  detail::make_row_room(labels_, "DataLoader", rows, dataset.label_size());
  detail::make_row_room(targets_, "DataLoader", rows, dataset.target_size());
  detail::make_row_room(weights_, "DataLoader", rows, dataset.has_weights() ? 1 : 0);
  start_epoch(0);
}

template <std::floating_point T>
void DataLoader<T>::only(const RowShare& rows) {
  only_ = rows;
  if (ahead_ && ahead_->prefetcher) ahead_->prefetcher->only(only_);
  if (ahead_ && ahead_->stream) ahead_->stream->only(only_);
}

template <std::floating_point T>
std::size_t DataLoader<T>::batches() const noexcept {
  const std::size_t full = dataset_->size() / batch_size_;
  const bool rest = dataset_->size() % batch_size_ != 0;
  return full + (rest && !drop_last_ ? 1 : 0);
}

template <std::floating_point T>
void DataLoader<T>::start_epoch(std::uint64_t epoch) {
  epoch_ = epoch;
  position_ = 0;
  if (ahead_ && ahead_->stream) return ahead_->stream->begin(seed_, epoch);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (shuffle_) {
    Stream stream{seed_, Purpose::shuffle, 0, epoch};
    tenon::shuffle(order_, stream);
  }
  if (ahead_) ahead_->prefetcher->begin(seed_, epoch, order_);
}

template <std::floating_point T>
bool DataLoader<T>::next(Batch<T>& batch) {
  const std::size_t left = dataset_->size() - position_, count = std::min(batch_size_, left);
  if (count == 0 || (drop_last_ && count < batch_size_)) {
    batch = {};
    return false;
  }
  batch.count = count;
  batch.first = position_;
  batch.columns = dataset_->given_columns();
  const std::size_t batches_left = left / batch_size_ + (left % batch_size_ != 0 && !drop_last_ ? 1 : 0);
  if (ahead_ && ahead_->stream) {
    ahead_->stream->take(position_, count, batches_left, batch);
    position_ += count;
    return true;
  }
  batch.indices = std::span{order_}.subspan(position_, count);
  if (ahead_) {
    ahead_->prefetcher->take(position_, count, batches_left, batch);
    position_ += count;
    return true;
  }
  batch.features = std::span{features_}.first(count * dataset_->sample_size());
  batch.targets = std::span{targets_}.first(count * dataset_->target_size());
  batch.labels = std::span{labels_}.first(count * dataset_->label_size());
  batch.weights = std::span{weights_}.first(dataset_->has_weights() ? count : 0);
  copy_labels(*dataset_, batch.indices, labels_.data());
  copy_weights(*dataset_, batch.indices, weights_.data());

  const RowRange rows = only_(count);
  const auto own = batch.indices.subspan(rows.first, rows.end - rows.first);
  const std::size_t features = dataset_->sample_size(), targets = dataset_->target_size();
  copy_rows(dataset_->features(), features, own, features_.data() + rows.first * features);
  copy_rows(dataset_->targets(), targets, own, targets_.data() + rows.first * targets);
  position_ += count;
  return true;
}

template <std::floating_point T>
void DataLoader<T>::restore(const LoaderState& state) {
  if (state.position > dataset_->size())
    throw Error(
        fmt::format("DataLoader: position {} is beyond the {} samples of an epoch", state.position, dataset_->size()));
  seed_ = state.seed;
  start_epoch(state.epoch);
  position_ = state.position;
}

template class DataLoader<float>;
template class DataLoader<double>;

}  // namespace tenon
