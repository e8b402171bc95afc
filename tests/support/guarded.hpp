#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <tenon/net/layer.hpp>

namespace tenon::test {

/// Memory that gives away who misuses it: it holds NaN, so that a number read before it is written
/// shows in the result, and lies between two guards that must stay as they are.
template <class T>
class Guarded {
  static constexpr std::size_t guard = 32;

public:
  static constexpr T poison = std::numeric_limits<T>::quiet_NaN();

  explicit Guarded(std::size_t count = 0) : numbers_(count + 2 * guard, poison) {}

  T* data() { return numbers_.data() + guard; }
  const T* data() const { return numbers_.data() + guard; }
  std::size_t size() const { return numbers_.size() - 2 * guard; }
  std::span<T> span() { return {data(), size()}; }
  std::span<const T> span() const { return {data(), size()}; }

  void spoil() { std::fill(numbers_.begin(), numbers_.end(), poison); }
  bool intact() const {
    const auto untouched = [](T number) { return std::isnan(number); };
    return std::all_of(numbers_.begin(), numbers_.begin() + guard, untouched) &&
           std::all_of(numbers_.end() - guard, numbers_.end(), untouched);
  }

private:
  std::vector<T> numbers_;
};

/// A batch whose rows stand apart, with guards in the gaps too.
template <class T>
class GuardedRows {
public:
  GuardedRows(std::size_t count, std::size_t length, std::size_t gap)
      : memory_{count * (length + gap)}, count_{count}, length_{length}, gap_{gap} {}

  operator Rows<T>() { return {memory_.data(), count_, length_ + gap_}; }
  operator Rows<const T>() const { return {memory_.data(), count_, length_ + gap_}; }

  T& operator()(std::size_t sample, std::size_t i) { return memory_.data()[sample * (length_ + gap_) + i]; }
  const T& operator()(std::size_t sample, std::size_t i) const { return memory_.data()[sample * (length_ + gap_) + i]; }
  std::size_t count() const { return count_; }
  std::size_t length() const { return length_; }

  void spoil() { memory_.spoil(); }
  /// The numbers without the gaps.
  std::vector<T> values() const {
    std::vector<T> all;
    all.reserve(count_ * length_);
    for (std::size_t s = 0; s < count_; ++s) {
      for (std::size_t i = 0; i < length_; ++i) all.push_back((*this)(s, i));
    }
    return all;
  }
  template <class U>
  void assign(const std::vector<U>& numbers) {
    for (std::size_t s = 0; s < count_; ++s) {
      for (std::size_t i = 0; i < length_; ++i) {
        (*this)(s, i) = static_cast<T>(numbers.at(s * length_ + i));
      }
    }
  }
  bool intact() const {
    if (!memory_.intact()) return false;
    for (std::size_t s = 0; s < count_; ++s) {
      for (std::size_t i = length_; i < length_ + gap_; ++i) {
        if (!std::isnan((*this)(s, i))) return false;
      }
    }
    return true;
  }

private:
  Guarded<T> memory_;
  std::size_t count_, length_, gap_;
};

}  // namespace tenon::test
