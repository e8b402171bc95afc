#include "stream_order.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include <tenon/random.hpp>

#include "../row_room.hpp"

namespace tenon::detail {

namespace {

// Windows and whole epochs are shuffled by streams whose layer is the window; these count down from the last.
constexpr std::uint32_t last_layer = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Permutation::Permutation(std::size_t n, std::uint64_t seed, std::uint64_t epoch)
    : n_(n), half_(n > 1 ? (static_cast<unsigned>(std::bit_width(n - 1)) + 1) / 2 : 1), seed_(seed), epoch_(epoch) {}

std::size_t Permutation::operator()(std::size_t i) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_) - 1;
  std::uint64_t number = i;
  do {
    std::uint64_t left = number >> half_, right = number & mask;
    for (std::uint32_t round = 0; round < 4; ++round) {
      const Stream stream(seed_, Purpose::shuffle, last_layer - 1 - round, epoch_);
      const std::uint64_t mixed = left ^ (stream.block(static_cast<std::uint32_t>(right))[0] & mask);
      left = right;
      right = mixed;
    }
    number = left << half_ | right;
  } while (number >= n_);
  return static_cast<std::size_t>(number);
}

StreamOrder::StreamOrder(std::size_t size, std::size_t buffer, std::span<const std::size_t> blocks, bool shuffle,
                         bool mixes)
    : size_(size),
      buffer_(std::clamp<std::size_t>(buffer, 1, size)),
      shuffle_(shuffle),
      mixes_(shuffle && mixes && buffer < size),
      chunk_(std::max<std::size_t>(buffer_ / 16, 1)) {
  if (shuffle) make_row_room(slots_, "stream: .buffer", buffer_);
  std::size_t first = 0;
  for (const std::size_t block : blocks) {  // of which the stream may want no more than the first
    if (first >= size) break;
    start_.push_back(first);
    first = std::min(first + block, size);
  }
  order_.resize(start_.size());
  place_.resize(start_.size());
  start_.push_back(size);
  begin(0, 0);
}

void StreamOrder::begin(std::uint64_t seed, std::uint64_t epoch) {
  seed_ = seed;
  epoch_ = epoch;
  entered_ = false;
  if (mixes_) chunks_ = Permutation(size_ / chunk_, seed, epoch);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (mixes_ && !order_.empty()) {
    Stream stream(seed, Purpose::shuffle, last_layer, epoch);
    tenon::shuffle(order_, stream);
  }
  std::size_t place = 0;
  for (std::size_t k = 0; k < order_.size(); ++k) {
    place_[k] = place;
    place += start_[order_[k] + 1] - start_[order_[k]];
  }
}

std::size_t StreamOrder::size_of(std::size_t window) const { return std::min(buffer_, size_ - first_of(window)); }

void StreamOrder::enter(std::size_t window) {
  window_ = window;
  entered_ = true;
  if (!shuffle_) return;
  slots_.resize(size_of(window));
  std::iota(slots_.begin(), slots_.end(), std::size_t{0});
  // Where one window holds all, this is the order of data in memory.
  Stream stream(seed_, Purpose::shuffle, static_cast<std::uint32_t>(window), epoch_);
  tenon::shuffle(slots_, stream);
}

std::size_t StreamOrder::slot(std::size_t position) const {
  const std::size_t k = position - first_of(window_);
  return shuffle_ ? slots_[k] : k;
}

std::size_t StreamOrder::index_at(std::size_t place) const {
  if (!order_.empty()) {
    const auto after = std::upper_bound(place_.begin(), place_.end(), place);
    const auto k = static_cast<std::size_t>(after - place_.begin()) - 1;
    return start_[order_[k]] + place - place_[k];
  }
  // what is left over behind the last whole piece stays at the end
  if (!mixes_ || place / chunk_ >= size_ / chunk_) return place;
  return chunks_(place / chunk_) * chunk_ + place % chunk_;
}

}  // namespace tenon::detail
