#pragma once

#include <concepts>
#include <cstddef>
#include <memory>

#include <tenon/data/dataset.hpp>
#include <tenon/data/row_source.hpp>

namespace tenon::detail {

/// What streams do with the inside of a data set.
template <std::floating_point T>
struct Streaming {
  /// `like` with its samples from a source.
  static Dataset<T> make(const Dataset<T>& like, std::shared_ptr<const RowSource<T>> source, std::size_t length);
  /// The source of a stream with its samples as evaluation takes them.
  static std::shared_ptr<const RowSource<T>> prepared(const Dataset<T>& stream);
  /// The first samples in memory.
  static Dataset<T> read(const Dataset<T>& stream, std::size_t count);
};

extern template struct Streaming<float>;
extern template struct Streaming<double>;

}  // namespace tenon::detail
