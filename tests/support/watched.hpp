#pragma once

#include <cstddef>
#include <limits>
#include <ostream>
#include <type_traits>
#include <vector>

#include <tenon/expr/math.hpp>
#include <tenon/kernels/noise.hpp>

/// A number that reports when it is read from, or written to, memory that is being watched. Whatever is
/// computed with it runs the code that float runs, so the counts are those of the real passes.
namespace tenon::test {

class Watched;

/// How often the numbers of one array were read and written.
struct Traffic {
  std::size_t reads = 0;
  std::size_t writes = 0;

  friend bool operator==(const Traffic&, const Traffic&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Traffic& t) {
    return out << t.reads << " reads, " << t.writes << " writes";
  }
};

/// Counts for one array as long as it lives.
class Watch {
public:
  Watch(const Watched* first, std::size_t count);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Per number of the array.
  Traffic each() const { return {traffic_.reads / count_, traffic_.writes / count_}; }
  /// Whether every number was treated alike.
  bool even() const { return traffic_.reads % count_ == 0 && traffic_.writes % count_ == 0; }

  static void read(const Watched* number) { note(number, &Traffic::reads); }
  static void written(const Watched* number) { note(number, &Traffic::writes); }

private:
  static void note(const Watched* number, std::size_t Traffic::*what);

  const Watched* first_;
  std::size_t count_;
  Traffic traffic_{};
  static inline std::vector<Watch*> all_{};
};

class Watched {
public:
  Watched() = default;
  template <class N>
    requires std::is_arithmetic_v<N>
  constexpr Watched(N number) : value_{static_cast<double>(number)} {}
  Watched(const Watched& other) : value_{other.value_} { Watch::read(&other); }
  Watched& operator=(const Watched& other) {
    Watch::read(&other);
    value_ = other.value_;
    Watch::written(this);
    return *this;
  }

  double value() const {
    Watch::read(this);
    return value_;
  }
  Watched& operator+=(const Watched& other) { return *this = value() + other.value(); }

  friend Watched operator-(const Watched& a) { return -a.value(); }
  friend Watched operator+(const Watched& a, const Watched& b) { return a.value() + b.value(); }
  friend Watched operator-(const Watched& a, const Watched& b) { return a.value() - b.value(); }
  friend Watched operator*(const Watched& a, const Watched& b) { return a.value() * b.value(); }
  friend Watched operator/(const Watched& a, const Watched& b) { return a.value() / b.value(); }
  friend bool operator<(const Watched& a, const Watched& b) { return a.value() < b.value(); }
  friend bool operator>(const Watched& a, const Watched& b) { return b < a; }
  friend bool operator<=(const Watched& a, const Watched& b) { return a.value() <= b.value(); }
  friend bool operator>=(const Watched& a, const Watched& b) { return b <= a; }
  friend bool operator==(const Watched& a, const Watched& b) { return a.value() == b.value(); }

private:
  double value_;
};

#pragma omp declare reduction(+ : Watched : omp_out += omp_in) initializer(omp_priv = 0)
#pragma omp declare reduction(max:Watched                                                                              \
                              : omp_out = omp_out < omp_in ? omp_in : omp_out) initializer(omp_priv = -1e300)
#pragma omp declare reduction(min:Watched : omp_out = omp_in < omp_out ? omp_in : omp_out) initializer(omp_priv = 1e300)

inline Watch::Watch(const Watched* first, std::size_t count) : first_{first}, count_{count} { all_.push_back(this); }
inline Watch::~Watch() { std::erase(all_, this); }
inline void Watch::note(const Watched* number, std::size_t Traffic::*what) {
  for (Watch* watch : all_)
    if (number >= watch->first_ && number < watch->first_ + watch->count_) ++(watch->traffic_.*what);
}

}  // namespace tenon::test

template <>
struct std::numeric_limits<tenon::test::Watched> : std::numeric_limits<double> {};

/// The functions of formulas and the masks of dropout, for these numbers.
namespace tenon::math {

inline test::Watched exp(const test::Watched& a) { return exp(a.value()); }
inline test::Watched tanh(const test::Watched& a) { return tanh(a.value()); }
inline test::Watched sigmoid(const test::Watched& a) { return sigmoid(a.value()); }
inline test::Watched sqrt(const test::Watched& a) { return sqrt(a.value()); }
inline test::Watched max(const test::Watched& a, const test::Watched& b) { return max(a.value(), b.value()); }

}  // namespace tenon::math

namespace tenon::test {

/// Found by the argument, from wherever a mask is drawn.
inline void fill_keep_mask(Watched* mask, std::size_t count, std::size_t size, double rate, const Stream&,
                           std::size_t) {
  for (std::size_t i = 0; i < count * size; ++i) mask[i] = i % 3 == 0 ? 0.0 : 1 / (1 - rate);
}

}  // namespace tenon::test
