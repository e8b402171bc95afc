#include <tenon/kernels/noise.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

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
void fill_keep_mask(T* mask, std::size_t count, std::size_t size, double rate, const Stream& stream, std::size_t first_sample) {
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

template void fill_keep_mask(float*, std::size_t, std::size_t, double, const Stream&, std::size_t);
template void fill_keep_mask(double*, std::size_t, std::size_t, double, const Stream&, std::size_t);

}  // namespace tenon::kernels
