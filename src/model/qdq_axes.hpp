#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>

#include <tenon/model/qdq_writer.hpp>

namespace tenon::detail::qdq {

inline std::int64_t whole(std::size_t n) { return static_cast<std::int64_t>(n); }
inline std::size_t size_of(const QdqWriter::Axes& axes) {
  return static_cast<std::size_t>(std::accumulate(axes.begin(), axes.end(), std::int64_t{1}, std::multiplies<>()));
}

}  // namespace tenon::detail::qdq
