#pragma once

#include <tenon/train/clock.hpp>

namespace tenon::detail {

/// Adds the seconds that it lives to a sum.
class WallClock {
public:
  explicit WallClock(double& sum) : sum_(sum), start_(steady_seconds()) {}
  ~WallClock() { sum_ += steady_seconds() - start_; }
  WallClock(const WallClock&) = delete;
  WallClock& operator=(const WallClock&) = delete;

private:
  double& sum_;
  double start_;
};

}  // namespace tenon::detail
