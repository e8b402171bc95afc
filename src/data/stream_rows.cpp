#include "stream_rows.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <tenon/data/augment/image.hpp>
#include <tenon/dist/communicator.hpp>
#include <tenon/error.hpp>

#include "../row_room.hpp"

namespace tenon::detail {

template <std::floating_point T>
void RowSource<T>::read(std::size_t, Sample<T>&) const {
  throw Error(name + ": expected a source of samples by number, got one of one after the other");
}
template <std::floating_point T>
std::unique_ptr<RowReader<T>> RowSource<T>::open(std::uint64_t, std::span<const std::size_t>) const {
  throw Error(name + ": expected a source of one sample after the other, got one of samples by number");
}
template class RowSource<float>;
template class RowSource<double>;

template <class T>
StreamBuffers<T>::StreamBuffers(const char* who, const Dataset<T>& data, std::size_t rows) {
  make_row_room(features, who, rows, data.given_size());
  make_row_room(targets, who, rows, data.target_size());
  make_row_room(weights, who, rows, data.has_weights() ? 1 : 0);
  make_row_room(labels, who, rows, data.label_size());
  make_row_room(indices, who, rows);
}

template <class T>
void StreamBuffers<T>::show(const Dataset<T>& data, std::size_t count, Batch<T>& batch) {
  batch.features = std::span{features}.first(count * data.given_size());
  batch.labels = std::span{labels}.first(count * data.label_size());
  batch.targets = std::span{targets}.first(count * data.target_size());
  batch.weights = std::span{weights}.first(data.has_weights() ? count : 0);
  batch.indices = std::span{indices}.first(count);
}
template struct StreamBuffers<float>;
template struct StreamBuffers<double>;

template <std::floating_point T>
StreamRows<T>::StreamRows(const char* who, const Dataset<T>& data, bool shuffle)
    : data_(data),
      source_(*data.source()),
      order_(data.size(), source_.buffer, source_.blocks(), shuffle, source_.by_index() || !source_.blocks().empty()),
      raw_(data.augmentation() ? data.sample_size() : 0),
      scratch_(data.augmentation() ? data.augmentation()->scratch : 0),
      labels_(data.label_size()) {
  if (source_.by_index()) return;
  if (const World* const world = current_world(); world && world->ranks && world->ranks->size() > 1)
    throw AgreedError(
        fmt::format("{}: {}: expected samples that can be read by their number, as several ranks each read "
                    "their own, got a stream of one sample after the other",
                    who, source_.name));
  // what is shuffled has to be here; else one sample at a time
  const std::size_t rows = shuffle ? order_.size_of(0) : 1;
  make_row_room(window_features_, who, rows, data.sample_size());
  make_row_room(window_labels_, who, rows, data.label_size());
  make_row_room(window_targets_, who, rows, data.target_size());
  make_row_room(window_weights_, who, shuffle ? rows : 0);
}

template <std::floating_point T>
void StreamRows<T>::begin(std::uint64_t seed, std::uint64_t epoch) {
  seed_ = seed;
  epoch_ = epoch;
  order_.begin(seed, epoch);
  reader_.reset();
}

template <std::floating_point T>
template <class F>
auto StreamRows<T>::named(std::size_t index, F f) const {
  try {
    return f();
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: sample {}: {}", source_.name, index, error.what()));
  } catch (...) {
    throw Error(fmt::format("{}: sample {}: the source threw what is no std::exception", source_.name, index));
  }
}

template <std::floating_point T>
void StreamRows<T>::check(const Sample<T>& sample, std::size_t index) const {
  for (const ColumnInfo& c : data_.columns()) {
    if (c.kind != ColumnKind::labels) continue;
    for (const std::int32_t label : sample.labels.subspan(c.offset, c.size))
      if (label != ignore_index && (label < 0 || std::cmp_greater_equal(label, c.classes)))
        throw Error(fmt::format("{}: label {} of sample {} is outside the {} classes: expected 0 to {}", source_.name,
                                label, index, c.classes, c.classes - 1));
  }
  if (data_.has_weights() && !(std::isfinite(sample.weight) && sample.weight >= 0))
    throw Error(fmt::format("{}: expected weights that are finite and at least 0, got {} of sample {}", source_.name,
                            sample.weight, index));
}

template <std::floating_point T>
void StreamRows<T>::read_next(Sample<T>& sample, std::size_t place) {
  const std::size_t index = order_.index_at(place);
  const auto ended = [&](std::size_t there) {
    reader_.reset();
    throw Error(
        fmt::format("{}: expected {} samples in an epoch, got an end after {}", source_.name, data_.size(), there));
  };
  if (!reader_ || read_ > place) {
    read_ = 0;
    reader_ = named(index, [&] { return source_.open(epoch_, order_.blocks()); });
  }
  if (read_ < place) {
    const std::size_t passed = named(index, [&] { return reader_->skip(place - read_, sample); });
    if (passed != place - read_) ended(read_ + passed);
    read_ = place;
  }
  sample.weight = 1;
  if (!named(index, [&] { return reader_->next(sample); })) ended(read_);
  ++read_;
  check(sample, index);
}

template <std::floating_point T>
void StreamRows<T>::read_window(std::size_t window) {
  const std::size_t first = order_.first_of(window), f = data_.sample_size(), l = data_.label_size(),
                    t = data_.target_size();
  for (std::size_t k = 0; k < order_.size_of(window); ++k) {
    Sample<T> sample{std::span{window_features_}.subspan(k * f, f), std::span{window_labels_}.subspan(k * l, l),
                     std::span{window_targets_}.subspan(k * t, t)};
    read_next(sample, first + k);
    window_weights_[k] = sample.weight;
  }
}

template <std::floating_point T>
void StreamRows<T>::fill(std::size_t first, std::size_t count, RowRange own, RowRange answered, bool augments,
                         StreamBuffers<T>& space) {
  augments = augments && data_.augmentation();
  const bool by_index = source_.by_index(), held = !window_weights_.empty();
  const std::size_t f = data_.sample_size(), l = data_.label_size(), t = data_.target_size(),
                    row_size = augments ? data_.given_size() : f;
  for (std::size_t row = 0; row < count; ++row) {
    const std::size_t position = first + row, window = order_.window_of(position);
    if (!order_.entered(window)) {
      source_.forget();
      order_.enter(window);
      if (held) {
        try {
          read_window(window);
        } catch (...) {
          order_.begin(seed_, epoch_);  // the window is not there
          throw;
        }
      }
    }
    const std::size_t slot = order_.slot(position), place = order_.first_of(window) + slot,
                      index = order_.index_at(place);
    const bool mine = row >= own.first && row < own.end, compared = row >= answered.first && row < answered.end;
    T* const features = space.features.data() + row * row_size;
    const std::span<T> target(space.targets.data() + row * t, t);
    const std::span<T> raw = augments ? std::span<T>(raw_) : std::span<T>(features, f);
    Sample<T> sample{mine ? raw : std::span<T>{}, labels_, compared ? target : std::span<T>{}};
    const T* from = raw.data();
    if (by_index) {
      named(index, [&] { source_.read(index, sample); });
      check(sample, index);
    } else if (held) {
      from = window_features_.data() + slot * f;
      if (!augments) std::copy_n(from, f, features);
      std::copy_n(window_labels_.data() + slot * l, l, labels_.data());
      std::copy_n(window_targets_.data() + slot * t, t, target.data());
      sample.weight = window_weights_[slot];
    } else {
      sample = {raw, labels_, target};
      read_next(sample, place);
    }
    if (augments && mine) {
      Stream stream(seed_, Purpose::augmentation, static_cast<std::uint32_t>(index), 2 * epoch_);
      data_.give_row(from, features, scratch_.data(), &stream);
    }
    for (const ColumnInfo& c : data_.columns())
      if (c.kind == ColumnKind::labels)
        std::copy_n(labels_.data() + c.offset, c.size, space.labels.data() + count * c.offset + row * c.size);
    if (data_.has_weights()) space.weights[row] = sample.weight;
    space.indices[row] = index;
  }
}

template class StreamRows<float>;
template class StreamRows<double>;

}  // namespace tenon::detail
