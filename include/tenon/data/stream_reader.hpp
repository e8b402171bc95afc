#pragma once

#include <cstddef>

#include <tenon/data/loader.hpp>

namespace tenon::detail {

/// The samples of a stream in the source's order, some at a time, without an augmentation. Of data in memory it
/// reads nothing.
template <std::floating_point T>
class StreamReader {
public:
  /// Reads at most `most` samples at a time; errors begin with `who`.
  StreamReader(const char* who, const Dataset<T>& data, size_t most);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  /// Fills `batch`; without features where only the answers are asked for.
  const Batch<T>& read(size_t first, size_t count, bool answers_alone = false);
  const Batch<T>& batch() const { return batch_; }

private:
  struct State;
  Batch<T> batch_{};
  State* state_ = nullptr;
};

extern template class StreamReader<float>;
extern template class StreamReader<double>;

}  // namespace tenon::detail
