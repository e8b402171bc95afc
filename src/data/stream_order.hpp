#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tenon::detail {

/// A random order of 0, ..., n - 1 that takes no memory: four rounds of a Feistel network over the next even power of
/// two, applied until the number is below n again (cycle walking; Black and Rogaway 2002). It follows from (seed,
/// epoch).
class Permutation {
public:
  Permutation() = default;
  Permutation(std::size_t n, std::uint64_t seed, std::uint64_t epoch);
  std::size_t operator()(std::size_t i) const;

private:
  std::size_t n_ = 1;
  unsigned half_ = 1;  // bits of each half
  std::uint64_t seed_ = 0, epoch_ = 0;
};

/// In which order the samples of a stream come. What is read, in the order of reading, has places 0, 1, ...; `buffer`
/// places are a window, and windows are shuffled each in itself. So the sample at any position is found without those
/// before.
class StreamOrder {
public:
  /// `blocks`: sizes of what is read as a whole; none where any sample can be read, then pieces of buffer / 16 are
  /// blocks. `mixes`: blocks may come in another order.
  StreamOrder(std::size_t size, std::size_t buffer, std::span<const std::size_t> blocks, bool shuffle, bool mixes);

  void begin(std::uint64_t seed, std::uint64_t epoch);

  std::size_t window_of(std::size_t position) const { return position / buffer_; }
  std::size_t first_of(std::size_t window) const { return window * buffer_; }
  std::size_t size_of(std::size_t window) const;
  /// Makes this window the one that `slot` looks into.
  void enter(std::size_t window);
  bool entered(std::size_t window) const { return entered_ && window_ == window; }
  /// Where in its window, in the order of reading, the sample at this position stands.
  std::size_t slot(std::size_t position) const;
  /// The sample's number in the source.
  std::size_t index_at(std::size_t place) const;
  /// Blocks in the order in which they are read; none where there are none.
  std::span<const std::size_t> blocks() const { return order_; }

private:
  std::size_t size_, buffer_;
  bool shuffle_, mixes_;
  std::uint64_t seed_ = 0, epoch_ = 0;
  std::size_t window_ = 0;
  bool entered_ = false;
  std::vector<std::size_t> slots_{};

  std::size_t chunk_ = 1;
  Permutation chunks_{};
  std::vector<std::size_t> start_{}, order_{}, place_{};  // of blocks: first sample; order of reading, and places then
};

}  // namespace tenon::detail
