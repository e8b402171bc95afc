#include <tenon/kernels/noise.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <tenon/kernels/dispatch.hpp>

namespace tenon::kernels {

namespace {

using Word = std::uint32_t;

/// philox4x32 of random.hpp, word by word in registers, for a loop over blocks.
struct Rounds {
  Word c0, c1, c2, c3;

  TENON_INLINE void run(Word k0, Word k1) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t even = std::uint64_t{0xD2511F53U} * c0;
      const std::uint64_t odd = std::uint64_t{0xCD9E8D57U} * c2;
      c0 = static_cast<Word>(odd >> 32) ^ c1 ^ k0;
      c1 = static_cast<Word>(odd);
      c2 = static_cast<Word>(even >> 32) ^ c3 ^ k1;
      c3 = static_cast<Word>(even);
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
  }
};

}  // namespace

template <class T>
void fill_keep_mask(T* mask, std::size_t count, std::size_t size, double rate, const Stream& stream,
                    std::size_t first_sample) {
  const std::size_t quarter = (size + 3) / 4;
  const auto threshold = static_cast<Word>(std::min(rate * 4294967296.0, 4294967295.0));
  const T scale = rate < 1 ? static_cast<T>(1 / (1 - rate)) : T(0);
  const std::array counter = stream.address().counter;
  const std::array key = stream.address().key;
  dispatch([=]() TENON_INLINE_LAMBDA {
    constexpr std::size_t lanes = 32;
    for (std::size_t i = 0; i < count; ++i) {
      T* row = mask + i * size;
      const std::size_t base = (first_sample + i) * quarter;
      for (std::size_t b = 0; b < quarter; b += lanes) {
        alignas(64) T word[4][lanes];
#pragma omp simd
        for (std::size_t l = 0; l < lanes; ++l) {
          Rounds r{static_cast<Word>(base + b + l), counter[1], counter[2], counter[3]};
          r.run(key[0], key[1]);
          word[0][l] = r.c0 < threshold ? T(0) : scale;
          word[1][l] = r.c1 < threshold ? T(0) : scale;
          word[2][l] = r.c2 < threshold ? T(0) : scale;
          word[3][l] = r.c3 < threshold ? T(0) : scale;
        }
        const std::size_t blocks = std::min(lanes, quarter - b);
        for (std::size_t w = 0; w < 4; ++w) {
          const std::size_t at = w * quarter + b;
          if (at < size) std::copy_n(word[w], std::min(blocks, size - at), row + at);
        }
      }
    }
  });
}

namespace {

/// Calls give(sample, first, words) for every block of four words that a sample needs; those of sample s are the blocks
/// s q, s q + 1, ... with q = ceil(size / 4).
template <class F>
void each_block(std::size_t count, std::size_t size, const Stream& stream, std::size_t first_sample, F give) {
  const std::size_t quarter = (size + 3) / 4;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t b = 0; b < quarter; ++b)
      give(i, 4 * b, stream.block(static_cast<Word>((first_sample + i) * quarter + b)));
}
/// In (0, 1], so that its logarithm is finite.
double open_unit(Word word) { return (static_cast<double>(word) + 1) / 4294967296.0; }

}  // namespace

template <class T>
void fill_normal(T* to, std::size_t count, std::size_t size, const Stream& stream, std::size_t first_sample) {
  each_block(count, size, stream, first_sample,
             [&](std::size_t i, std::size_t first, const std::array<Word, 4>& words) {
               for (std::size_t pair = 0; pair < 4; pair += 2) {
                 const double radius = std::sqrt(-2 * std::log(open_unit(words[pair])));
                 const double angle = 2 * std::numbers::pi * open_unit(words[pair + 1]);
                 const double normal[]{radius * std::cos(angle), radius * std::sin(angle)};
                 for (std::size_t k = 0; k < 2; ++k)
                   if (const std::size_t at = first + pair + k; at < size)
                     to[i * size + at] = static_cast<T>(normal[k]);
               }
             });
}
template <class T>
void fill_uniform(T* to, std::size_t count, std::size_t size, const Stream& stream, std::size_t first_sample) {
  each_block(count, size, stream, first_sample,
             [&](std::size_t i, std::size_t first, const std::array<Word, 4>& words) {
               for (std::size_t k = 0; k < 4 && first + k < size; ++k)
                 to[i * size + first + k] = static_cast<T>(2 * (static_cast<double>(words[k] >> 8) / 16777216.0) - 1);
             });
}

template void fill_normal(float*, std::size_t, std::size_t, const Stream&, std::size_t);
template void fill_normal(double*, std::size_t, std::size_t, const Stream&, std::size_t);
template void fill_uniform(float*, std::size_t, std::size_t, const Stream&, std::size_t);
template void fill_uniform(double*, std::size_t, std::size_t, const Stream&, std::size_t);

template void fill_keep_mask(float*, std::size_t, std::size_t, double, const Stream&, std::size_t);
template void fill_keep_mask(double*, std::size_t, std::size_t, double, const Stream&, std::size_t);

}  // namespace tenon::kernels
