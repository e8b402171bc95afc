#include "tenon/data/loader.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "tenon/error.hpp"
#include "tenon/random.hpp"

namespace tenon {

template <std::floating_point T>
Loader<T>::Loader(const Dataset<T>& dataset, std::size_t batch_size, std::uint64_t seed,
                  bool shuffle, bool drop_last)
    : dataset_{&dataset},
      batch_size_{batch_size},
      seed_{seed},
      shuffle_{shuffle},
      drop_last_{drop_last},
      order_(dataset.size()) {
  if (dataset.empty()) throw Error("Loader: expected a data set with samples, got an empty one");
  if (batch_size == 0) throw Error("Loader: expected a batch size of at least 1, got 0");
  if (batches() == 0)
    throw Error(fmt::format("Loader: expected at least one batch of {}, got {} samples", batch_size,
                            dataset.size()));
  const std::size_t rows = std::min(batch_size, dataset.size());
  features_.resize(rows * dataset.sample_size());
  labels_.resize(dataset.has_labels() ? rows : 0);
  targets_.resize(rows * dataset.target_size());
  start_epoch(0);
}

template <std::floating_point T>
std::size_t Loader<T>::batches() const noexcept {
  const std::size_t full = dataset_->size() / batch_size_;
  const bool rest = dataset_->size() % batch_size_ != 0;
  return full + (rest && !drop_last_ ? 1 : 0);
}

template <std::floating_point T>
void Loader<T>::start_epoch(std::uint64_t epoch) {
  epoch_ = epoch;
  position_ = 0;
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (!shuffle_) return;
  Stream stream{seed_, Purpose::shuffle, 0, epoch};
  tenon::shuffle(order_, stream);
}

template <std::floating_point T>
bool Loader<T>::next(Batch<T>& batch) {
  const std::size_t count = std::min(batch_size_, order_.size() - position_);
  if (count == 0 || (drop_last_ && count < batch_size_)) {
    batch = {};
    return false;
  }
  batch.count = count;
  batch.first = position_;
  batch.indices = std::span{order_}.subspan(position_, count);
  batch.features = std::span{features_}.first(count * dataset_->sample_size());
  batch.targets = std::span{targets_}.first(count * dataset_->target_size());
  batch.labels = std::span{labels_}.first(dataset_->has_labels() ? count : 0);

  auto feature = features_.begin();
  auto target = targets_.begin();
  for (std::size_t row = 0; row < count; ++row) {
    const std::size_t index = batch.indices[row];
    feature = std::ranges::copy(dataset_->sample(index), feature).out;
    target = std::ranges::copy(dataset_->target(index), target).out;
    if (dataset_->has_labels()) labels_[row] = dataset_->label(index);
  }
  position_ += count;
  return true;
}

template <std::floating_point T>
void Loader<T>::restore(const LoaderState& state) {
  if (state.position > order_.size())
    throw Error(fmt::format("Loader: position {} is beyond the {} samples of an epoch",
                            state.position, order_.size()));
  seed_ = state.seed;
  start_epoch(state.epoch);
  position_ = state.position;
}

template class Loader<float>;
template class Loader<double>;

}  // namespace tenon
