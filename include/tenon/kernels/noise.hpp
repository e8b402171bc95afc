#pragma once

#include <cstddef>
#include <cstdint>

#include <tenon/random.hpp>

namespace tenon::kernels {

/// Fills `count` samples of `size` numbers with 0 (probability `rate`) or 1/(1 - rate): inverted
/// dropout. A sample's mask depends on the stream and on its place in the step (`first_sample` on),
/// not on how a batch is split. Element e of a sample is word e / q of the sample's Philox block
/// e % q, where q = ceil(size / 4), so that neighbouring lanes of a vector hold neighbouring blocks.
template <class T>
void fill_keep_mask(T* mask, size_t count, size_t size, double rate, const Stream& stream, size_t first_sample = 0);

/// Fills `count` samples of `size` numbers: standard normal ones (Box and Muller 1958), or uniform ones in [-1, 1).
/// Like a mask, a sample's numbers depend on the stream and on its place in the step alone.
template <class T>
void fill_normal(T* to, size_t count, size_t size, const Stream& stream, size_t first_sample = 0);
template <class T>
void fill_uniform(T* to, size_t count, size_t size, const Stream& stream, size_t first_sample = 0);

extern template void fill_normal(float*, size_t, size_t, const Stream&, size_t);
extern template void fill_normal(double*, size_t, size_t, const Stream&, size_t);
extern template void fill_uniform(float*, size_t, size_t, const Stream&, size_t);
extern template void fill_uniform(double*, size_t, size_t, const Stream&, size_t);

extern template void fill_keep_mask(float*, size_t, size_t, double, const Stream&, size_t);
extern template void fill_keep_mask(double*, size_t, size_t, double, const Stream&, size_t);

/// The same mask by plain loops, without the library.
template <class T>
constexpr void fill_keep_mask_plainly(T* mask, size_t count, size_t size, double rate, const Stream& stream,
                                      size_t first_sample = 0) {
  const size_t quarter = (size + 3) / 4;
  const double limit = rate * 4294967296.0;
  const auto threshold = static_cast<std::uint32_t>(limit < 4294967295.0 ? limit : 4294967295.0);
  const T scale = rate < 1 ? static_cast<T>(1 / (1 - rate)) : T(0);
  for (size_t i = 0; i < count; ++i)
    for (size_t b = 0; b < quarter; ++b) {
      const auto words = stream.block(static_cast<std::uint32_t>((first_sample + i) * quarter + b));
      for (size_t w = 0; w < 4 && w * quarter + b < size; ++w)
        mask[i * size + w * quarter + b] = words[w] < threshold ? T(0) : scale;
    }
}

/// A layer's mask, of its random stream number `stream`.
template <class Ctx, class T>
void draw_keep_mask(Ctx& ctx, T* mask, size_t count, size_t size, double rate, std::uint32_t stream) {
  if constexpr (requires { requires Ctx::in_order; })
    fill_keep_mask_plainly(mask, count, size, rate, ctx.stream(stream), ctx.first_sample);
  else fill_keep_mask(mask, count, size, rate, ctx.stream(stream), ctx.first_sample);
}

}  // namespace tenon::kernels
