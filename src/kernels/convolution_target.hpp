#pragma once

#include <tenon/kernels/convolution.hpp>

namespace tenon::kernels::detail {

/// out[r][q] = start[r] + sum over outer and taps of weight[r][outer][tap] in[outer][q + offset of the tap].
template <class T>
struct CorrelationArguments {
  const T* in;
  std::size_t in_step;       // from one outer index to the next
  const T* weight;
  std::size_t weight_row, weight_step;
  const Tap* taps;
  std::size_t tap_count;
  std::uint32_t Tap::*offset;
  std::size_t outer;
  const T* start;            // null: zeros
  bool rectify;
  T* out;
  std::size_t out_row;
  std::size_t length;
};

/// gradient[r][channel][tap] (+)= sum over samples and q of map[r][q] image[channel][q + offset of the tap].
template <class T>
struct GradientArguments {
  std::size_t rows, channels, taps, run;
  const Tap* tap;
  std::size_t count;
  const T* image;
  std::size_t image_stride, channel_size;
  const T* map;
  std::size_t map_stride, feature_size;
  bool add;
  T* gradient;
};

/// The inner loops for one instruction set and one type.
template <class T>
struct ConvolutionLoops {
  void (*correlate)(const CorrelationArguments<T>&, std::size_t rows);
  void (*gradient)(const GradientArguments<T>&);
  /// to[0 .. n) = from[0 .. n)
  void (*copy)(const T* from, T* to, std::size_t n);
  /// The same where `rectified` is positive or null, zero elsewhere; returns the sum.
  T (*pass)(const T* from, const T* rectified, T* to, std::size_t n);
  std::size_t row_limit;
};

template <class T>
struct ConvolutionTarget;
template <>
struct ConvolutionTarget<float> {
  static const ConvolutionLoops<float> avx512, avx2, portable;
};
template <>
struct ConvolutionTarget<double> {
  static const ConvolutionLoops<double> avx512, avx2, portable;
};

}  // namespace tenon::kernels::detail
