#pragma once

#include <utility>

namespace tenon::detail {

/// Owns what only a source file of the library knows: std::unique_ptr would do, and has every program that includes
/// its owner's header instantiate some 150 templates. Owners are constructed, moved and destroyed in that source file.
template <class T>
class Hidden {
public:
  Hidden() = default;
  explicit Hidden(T* owned) : owned_(owned) {}
  Hidden(Hidden&& other) noexcept : owned_(std::exchange(other.owned_, nullptr)) {}
  Hidden& operator=(Hidden&& other) noexcept {
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~Hidden() { delete owned_; }

  explicit operator bool() const { return owned_ != nullptr; }
  T& operator*() const { return *owned_; }
  T* operator->() const { return owned_; }
  T* get() const { return owned_; }

private:
  T* owned_ = nullptr;
};

}  // namespace tenon::detail
