#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numbers>
#include <utility>

namespace tenon {

/// Philox4x32-10: a bijection of 128-bit counters, chosen by a 64-bit key, whose output passes
/// every known statistical test. A random number is thus a pure function of its address: no state
/// to share between threads, to save, or to replay.
///
/// Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC'11.
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t even = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t odd = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(odd >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(odd),
               static_cast<std::uint32_t>(even >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(even)};
    key[0] += 0x9E3779B9u;  // the golden ratio
    key[1] += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return counter;
}

/// What random numbers are drawn for: each purpose has streams of its own, so that one more
/// dropout layer leaves the shuffles and the initial weights as they were.
/// The values are part of every stored result: append, never renumber. At most 255.
enum class Purpose : std::uint32_t {
  initial_weights = 1,
  shuffle,
  split,
  dropout,
  augmentation,
  sampling,
  user,
  diffusion
};

/// The random stream of one (seed, purpose, layer, step); 2^34 words long, then it repeats.
///
///     Stream stream{seed, Purpose::dropout, layer, step};
///     const bool kept = stream.uniform() >= rate;
///
/// Word i of the stream is block(i / 4)[i % 4], so several threads can share one stream by
/// computing the blocks they need. The integers and uniform<float>() are the same everywhere;
/// normal() also depends on the last bit of the C library's log and cos.
class Stream {
public:
  /// Steps repeat after 2^56.
  constexpr explicit Stream(std::uint64_t seed, Purpose purpose = Purpose::user, std::uint32_t layer = 0,
                            std::uint64_t step = 0) noexcept
      : key_{low(seed), high(seed)},
        counter_{0, low(step), layer, static_cast<std::uint32_t>(purpose) << 24 | (high(step) & 0x00FF'FFFFu)} {}

  /// The four words of the block at this position; leaves the stream where it is.
  constexpr std::array<std::uint32_t, 4> block(std::uint32_t position) const noexcept {
    return philox4x32({position, counter_[1], counter_[2], counter_[3]}, key_);
  }

  /// What a kernel needs to compute blocks by itself: philox4x32({index, counter[1..3]}, key).
  struct Address {
    std::array<std::uint32_t, 4> counter;
    std::array<std::uint32_t, 2> key;
  };
  constexpr Address address() const noexcept { return {counter_, key_}; }

  /// The next word.
  constexpr std::uint32_t next() noexcept {
    if (used_ == 4) {
      words_ = block(counter_[0]++);
      used_ = 0;
    }
    return words_[used_++];
  }

  /// Uniform in [0, 1): 24 random bits (one word) for float, 53 (two words) for double.
  template <std::floating_point T = float>
  constexpr T uniform() noexcept {
    if constexpr (sizeof(T) <= sizeof(float)) {
      return static_cast<T>(next() >> 8) * T{0x1p-24};
    } else {
      const std::uint64_t upper = next() >> 5;
      const std::uint64_t lower = next() >> 6;
      return static_cast<T>(upper << 26 | lower) * T{0x1p-53};
    }
  }

  /// Uniform in [lower, upper), the bounds being finite and lower < upper.
  template <std::floating_point T>
  constexpr T uniform(T lower, T upper) noexcept {
    // In double the product of 24 random bits and a float range is exact or nearly so; the result
    // then does not depend on whether the compiler contracts it to a fused multiply-add.
    const double range = static_cast<double>(upper) - static_cast<double>(lower);
    const auto value = static_cast<T>(static_cast<double>(lower) + range * static_cast<double>(uniform<T>()));
    return value < upper ? value : lower;  // rounding may reach the open end
  }

  /// Standard normal, by Box and Muller: with u, v uniform, sqrt(-2 ln u) cos(2 pi v).
  /// Spends two words for float, four for double.
  template <std::floating_point T = float>
  T normal() noexcept {
    double u = 0;  // in (0, 1], where the logarithm is finite
    double v = 0;
    if constexpr (sizeof(T) <= sizeof(float)) {
      u = (static_cast<double>(next()) + 1) * 0x1p-32;
      v = static_cast<double>(next()) * 0x1p-32;
    } else {
      u = 1 - uniform<double>();
      v = uniform<double>();
    }
    return static_cast<T>(std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v));
  }

  /// A uniform integer in [0, n), n > 0, without bias.
  constexpr std::uint64_t below(std::uint64_t n) noexcept {
    assert(n > 0);
    constexpr std::uint64_t words = std::uint64_t{1} << 32;
    if (n <= words) {
      // The upper half of word * n is below n. Each value is hit by floor or ceil(2^32 / n) words;
      // rejecting the lowest 2^32 mod n lower halves leaves floor for all (Lemire, 2019).
      std::uint64_t product = next() * n;
      if (low(product) < n) {
        const std::uint64_t rejected = words % n;
        while (low(product) < rejected) product = next() * n;
      }
      return product >> 32;
    }
    const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(n - 1);
    while (true) {
      const std::uint64_t upper = next();
      const std::uint64_t value = (upper << 32 | next()) & mask;
      if (value < n) return value;
    }
  }

private:
  static constexpr std::uint32_t low(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word); }
  static constexpr std::uint32_t high(std::uint64_t word) noexcept { return static_cast<std::uint32_t>(word >> 32); }

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;  // its first word is the next block
  std::array<std::uint32_t, 4> words_{};
  std::uint32_t used_ = 4;
};

/// Puts the elements of an indexable range in random order, every order being equally likely
/// (Fisher and Yates).
template <class Range>
constexpr void shuffle(Range&& range, Stream& stream) {
  using std::swap;
  for (size_t left = std::size(range); left > 1; --left) {
    const auto chosen = static_cast<size_t>(stream.below(left));
    if (chosen != left - 1) swap(range[chosen], range[left - 1]);
  }
}

}  // namespace tenon
