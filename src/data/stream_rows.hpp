#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <tenon/data/dataset.hpp>
#include <tenon/data/loader.hpp>
#include <tenon/data/row_source.hpp>

#include "stream_order.hpp"

namespace tenon::detail {

/// Where a batch of a stream is filled in.
template <class T>
struct StreamBuffers {
  StreamBuffers(const char* who, const Dataset<T>& data, std::size_t rows);

  std::vector<T> features, targets, weights;
  std::vector<std::int32_t> labels;
  std::vector<std::size_t> indices;

  /// What has been filled, of so many samples.
  void show(const Dataset<T>& data, std::size_t count, Batch<T>& batch);
};

/// Reads the samples of a stream at any positions of its order, best at those that follow; for one thread at a time.
template <std::floating_point T>
class StreamRows {
public:
  /// An AgreedError where several ranks would read a source that cannot be shared out.
  StreamRows(const char* who, const Dataset<T>& data, bool shuffle);

  void begin(std::uint64_t seed, std::uint64_t epoch);
  /// Rows outside `own` get no features, those outside `answered` no targets. With an augmentation only where
  /// `augments`.
  void fill(std::size_t first, std::size_t count, RowRange own, RowRange answered, bool augments,
            StreamBuffers<T>& space);

private:
  void read_window(std::size_t window);
  void read_next(Sample<T>& sample, std::size_t place);
  /// Anything that is thrown becomes an Error that says where.
  template <class F>
  auto named(std::size_t index, F f) const;
  void check(const Sample<T>& sample, std::size_t index) const;

  const Dataset<T>& data_;
  const RowSource<T>& source_;
  StreamOrder order_;
  std::uint64_t seed_ = 0, epoch_ = 0;
  std::vector<T> raw_, scratch_;      // before an augmentation, and its scratch
  std::vector<std::int32_t> labels_;  // of one sample

  // a source of one sample after the other
  std::unique_ptr<RowReader<T>> reader_{};
  std::size_t read_ = 0;  // samples that the reader has given
  std::vector<T> window_features_, window_targets_, window_weights_;
  std::vector<std::int32_t> window_labels_;
};

extern template class StreamRows<float>;
extern template class StreamRows<double>;

}  // namespace tenon::detail
