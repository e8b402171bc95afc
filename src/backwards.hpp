#pragma once

#include <cstddef>

namespace tenon::detail {

/// count - 1, ..., 1, 0. The usual `i-- > 0` wraps at its end, which no check for wrapped sizes can distinguish from a
/// mistake.
class backwards {
public:
  constexpr explicit backwards(std::size_t count) : count_(count) {}

  class Place {
  public:
    constexpr explicit Place(std::size_t behind) : behind_(behind) {}
    constexpr std::size_t operator*() const { return behind_ - 1; }
    constexpr Place& operator++() {
      --behind_;
      return *this;
    }
    constexpr bool operator==(const Place&) const = default;

  private:
    std::size_t behind_;
  };
  constexpr Place begin() const { return Place(count_); }
  constexpr Place end() const { return Place(0); }

private:
  std::size_t count_;
};

}  // namespace tenon::detail
