#include "stream_loader.hpp"

#include <algorithm>

#include <tenon/data/stream_reader.hpp>
#include <tenon/error.hpp>

namespace tenon::detail {

namespace {

/// One sample after the other is read by one thread at most.
template <class T>
std::size_t threads_of(const Dataset<T>& data) {
  const RowSource<T>& source = *data.source();
  const std::size_t asked = data.augmentation() ? std::max(source.workers, data.augmentation_workers())
                                                : source.workers;
  return source.by_index() ? asked : std::min<std::size_t>(asked, 1);
}

}  // namespace

template <std::floating_point T>
StreamLoader<T>::StreamLoader(const Dataset<T>& data, std::size_t batch_size, bool shuffle)
    : data_(data), ring_(batch_size, data.size()) {
  if (data.augmentation() && data.augmentation()->mixup > 0)
    throw Error(data.source()->name + ": expected data in memory for Mixup, which mixes any two samples, got a stream");
  const std::size_t threads = threads_of(data);
  for (std::size_t k = 0; k < std::max<std::size_t>(threads, 1); ++k) rows_.emplace_back("DataLoader", data, shuffle);
  for (std::size_t k = 0; k < BatchRing::places(threads); ++k)
    spaces_.emplace_back("DataLoader", data, std::min(batch_size, data.size()));
  ring_.start(
      threads,
      [this](std::size_t place, std::size_t first, std::size_t count, std::size_t worker) {
        rows_[worker].fill(first, count, only_(count), only_(count), true, spaces_[place]);
      },
      "read a stream", ".workers asks for fewer, 0 for none");
}

template <std::floating_point T>
void StreamLoader<T>::begin(std::uint64_t seed, std::uint64_t epoch) {
  ring_.halt();
  for (StreamRows<T>& rows : rows_) rows.begin(seed, epoch);
}

template <std::floating_point T>
void StreamLoader<T>::only(const RowShare& rows) {
  ring_.halt();
  only_ = rows;
}

template <std::floating_point T>
void StreamLoader<T>::take(std::size_t first, std::size_t count, std::size_t batches_left, Batch<T>& batch) {
  spaces_[ring_.take(first, count, batches_left)].show(data_, count, batch);
}

template class StreamLoader<float>;
template class StreamLoader<double>;

template <std::floating_point T>
struct StreamReader<T>::State {
  State(const char* who, const Dataset<T>& of, std::size_t most)
      : data(of), rows(who, of, false), space(who, of, std::min(most, of.size())) {}

  const Dataset<T>& data;
  StreamRows<T> rows;
  StreamBuffers<T> space;
};

template <std::floating_point T>
StreamReader<T>::StreamReader(const char* who, const Dataset<T>& data, std::size_t most)
    : state_(data.streamed() ? new State(who, data, most) : nullptr) {}
template <std::floating_point T>
StreamReader<T>::~StreamReader() {
  delete state_;
}

template <std::floating_point T>
const Batch<T>& StreamReader<T>::read(std::size_t first, std::size_t count, bool answers_alone) {
  State& s = *state_;
  s.rows.fill(first, count, {0, answers_alone ? 0 : count}, {0, count}, false, s.space);
  s.space.show(s.data, count, batch_);
  batch_.count = count;
  batch_.first = first;
  batch_.columns = s.data.columns();
  return batch_;
}

template class StreamReader<float>;
template class StreamReader<double>;

}  // namespace tenon::detail
