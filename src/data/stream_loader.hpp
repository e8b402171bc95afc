#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <tenon/data/loader.hpp>

#include "batch_ring.hpp"
#include "stream_rows.hpp"

namespace tenon::detail {

/// What a DataLoader does with a stream.
template <std::floating_point T>
class StreamLoader {
public:
  StreamLoader(const Dataset<T>& data, std::size_t batch_size, bool shuffle);

  /// Preparing begins when a batch is asked for.
  void begin(std::uint64_t seed, std::uint64_t epoch);
  void only(const RowShare& rows);
  void take(std::size_t first, std::size_t count, std::size_t batches_left, Batch<T>& batch);

private:
  const Dataset<T>& data_;
  std::vector<StreamBuffers<T>> spaces_{};
  std::deque<StreamRows<T>> rows_{};  // of each thread
  RowShare only_{};
  BatchRing ring_;  // ends first
};

extern template class StreamLoader<float>;
extern template class StreamLoader<double>;

}  // namespace tenon::detail
