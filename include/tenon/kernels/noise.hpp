#pragma once

#include <cstddef>

#include <tenon/random.hpp>

namespace tenon::kernels {

/// Fills `count` samples of `size` numbers with 0 (probability `rate`) or 1/(1 - rate): inverted
/// dropout. A sample's mask depends on the stream and on its place in the step (`first_sample` on),
/// not on how a batch is split. Element e of a sample is word e / q of the sample's Philox block
/// e % q, where q = ceil(size / 4), so that neighbouring lanes of a vector hold neighbouring blocks.
template <class T>
void fill_keep_mask(T* mask, std::size_t count, std::size_t size, double rate, const Stream& stream, std::size_t first_sample = 0);

/// Fills `count` samples of `size` numbers: standard normal ones (Box and Muller 1958), or uniform ones in [-1, 1). Like a
/// mask, a sample's numbers depend on the stream and on its place in the step alone.
template <class T>
void fill_normal(T* to, std::size_t count, std::size_t size, const Stream& stream, std::size_t first_sample = 0);
template <class T>
void fill_uniform(T* to, std::size_t count, std::size_t size, const Stream& stream, std::size_t first_sample = 0);

extern template void fill_normal(float*, std::size_t, std::size_t, const Stream&, std::size_t);
extern template void fill_normal(double*, std::size_t, std::size_t, const Stream&, std::size_t);
extern template void fill_uniform(float*, std::size_t, std::size_t, const Stream&, std::size_t);
extern template void fill_uniform(double*, std::size_t, std::size_t, const Stream&, std::size_t);

extern template void fill_keep_mask(float*, std::size_t, std::size_t, double, const Stream&, std::size_t);
extern template void fill_keep_mask(double*, std::size_t, std::size_t, double, const Stream&, std::size_t);

}  // namespace tenon::kernels
