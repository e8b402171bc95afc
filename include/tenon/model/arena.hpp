#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>

#include <tenon/error.hpp>

namespace tenon {

/// Numbers in one block that starts on a cache line; zeros at first. One that is `borrowed` works on numbers of
/// another, which has to outlive it: what is assigned to it is written there. Its copies have numbers of their own.
template <class T>
class Arena {
public:
  Arena() = default;
  explicit Arena(size_t count) : data_(allocate(count)), count_(count) { std::fill_n(data_.get(), count, T(0)); }
  Arena(const Arena& other) : data_(allocate(other.count_)), count_(other.count_) {
    std::copy_n(other.data_.get(), count_, data_.get());
  }
  Arena(Arena&& other) noexcept {
    if (other.is_borrowed()) {
      Arena copy(std::as_const(other));
      swap(copy);
    } else {
      swap(other);
    }
  }
  Arena& operator=(Arena other) noexcept {
    if (is_borrowed()) std::copy_n(other.data(), count_, data());
    else swap(other);
    return *this;
  }
  static Arena borrowed(T* data, size_t count) { return Arena(data, count); }
  bool is_borrowed() const noexcept { return !data_.get_deleter().owns; }

  T* data() noexcept { return data_.get(); }
  const T* data() const noexcept { return data_.get(); }
  size_t size() const noexcept { return count_; }
  std::span<T> span() noexcept { return {data(), count_}; }
  std::span<const T> span() const noexcept { return {data(), count_}; }

private:
  static constexpr std::align_val_t line{64};
  struct Free {
    bool owns = true;
    void operator()(T* p) const {
      if (owns) ::operator delete[](p, line);
    }
  };
  using Block = std::unique_ptr<T[], Free>;
  static Block allocate(size_t count) {
    if (count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T))
      throw Error("expected less than 2^63 bytes of numbers, got " + std::to_string(count) + " numbers of " +
                  std::to_string(sizeof(T)));
    return Block(count == 0 ? nullptr : static_cast<T*>(::operator new[](count * sizeof(T), line)));
  }

  Arena(T* data, size_t count) : data_(data, Free{false}), count_(count) {}
  void swap(Arena& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
  }

  Block data_;
  size_t count_ = 0;
};

}  // namespace tenon
