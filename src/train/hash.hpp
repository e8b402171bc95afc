#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace tenon::detail {

/// FNV-1a, of texts and of numbers.
class Hash {
public:
  void mix(std::uint64_t value) { sum_ = (sum_ ^ value) * 1099511628211U; }
  void add(std::string_view text) {
    for (const char c : text) mix(static_cast<unsigned char>(c));
    mix(text.size());
  }
  void add(std::uint64_t word) {
    for (int i = 0; i < 8; ++i) mix((word >> (8 * i)) & 0xff);
  }
  template <class T>
  void add(std::span<const T> numbers) {
    for (const T v : numbers) {
      if constexpr (std::is_same_v<T, double>) add(std::bit_cast<std::uint64_t>(v));
      else add(std::uint64_t{std::bit_cast<std::uint32_t>(v)});
    }
  }
  std::uint64_t sum() const { return sum_; }

private:
  std::uint64_t sum_ = 14695981039346656037U;
};

}  // namespace tenon::detail
