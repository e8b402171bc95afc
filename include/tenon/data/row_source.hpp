#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace tenon {

/// Where a source puts the numbers of one sample. A span is empty where the columns have no such numbers, or where
/// nobody asks for them.
template <std::floating_point T = float>
struct Sample {
  std::span<T> features;           ///< of all columns of features, one behind the other
  std::span<std::int32_t> labels;  ///< of all columns of labels, one behind the other
  std::span<T> targets;            ///< of all columns of targets, one behind the other
  T weight = 1;                    ///< for a column of sample weights
};

namespace detail {

/// Gives one sample after the other.
template <std::floating_point T>
class RowReader {
public:
  virtual ~RowReader() = default;
  /// False where there are no more.
  virtual bool next(Sample<T>& to) = 0;
  /// Passes over so many samples, and says how many of them there were.
  virtual size_t skip(size_t count, Sample<T>& scratch) {
    for (size_t k = 0; k < count; ++k)
      if (!next(scratch)) return k;
    return count;
  }
};

/// Where the samples of a stream come from: by their number, or one after the other. Several threads ask at a time.
template <std::floating_point T>
class RowSource {
public:
  virtual ~RowSource() = default;

  std::string name = "stream";  // as errors call it
  size_t buffer = 1;            // samples that are shuffled at a time
  size_t workers = 0;           // threads that read ahead

  virtual bool by_index() const = 0;
  /// Sample number `index`.
  virtual void read(size_t index, Sample<T>& to) const;
  /// Whatever the source keeps of samples that were read may go: they are read anew if they are asked for again.
  virtual void forget() const {}
  /// A reader of one sample after the other; where there are blocks, they come in this order.
  virtual std::unique_ptr<RowReader<T>> open(std::uint64_t epoch, std::span<const size_t> order) const;
  /// How many samples each block has, a block being what is read as a whole, say a file; empty where there are none.
  virtual std::span<const size_t> blocks() const { return {}; }
};

extern template class RowSource<float>;
extern template class RowSource<double>;

}  // namespace detail
}  // namespace tenon
