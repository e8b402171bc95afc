#pragma once

#include <tenon/kernels/convolution.hpp>

namespace tenon::kernels::detail {

/// out[r][q] = start[r] + sum over outer and taps of weight[r][outer][tap] in[outer][q + offset of the tap].
template <class T>
struct CorrelationArguments {
  const T* in;
  std::size_t in_step;  // from one outer index to the next
  const T* weight;
  std::size_t weight_row, weight_step;
  const Tap* taps;
  std::size_t tap_count;
  std::uint32_t Tap::*offset;
  std::size_t outer;
  const T* start;  // null: zeros
  bool rectify;
  T* out;
  std::size_t out_row;
  std::size_t length;
};

/// gradient[r][channel][tap] (+)= sum over samples and q of map[r][q] image[channel][q + offset of the tap].
template <class T>
struct GradientArguments {
  std::size_t rows, channels, taps, run;
  std::size_t row;  // from one row of the gradient to the next
  const Tap* tap;
  std::size_t count;
  const T* image;
  std::size_t image_stride, channel_size;
  const T* map;
  std::size_t map_stride, feature_size;
  bool add;
  T* gradient;
};

/// Rows of numbers on their way, so far apart.
template <class T>
struct Rectangle {
  const T* from;
  std::size_t from_row;
  T* to;
  std::size_t to_row;
  std::size_t rows, width;
};

/// The inner loops for one instruction set and one type.
template <class T>
struct ConvolutionLoops {
  void (*correlate)(const CorrelationArguments<T>&, std::size_t rows);
  void (*gradient)(const GradientArguments<T>&);
  /// to = from, or +=
  void (*copy)(const Rectangle<T>&);
  void (*add)(const Rectangle<T>&);
  /// to = from where `rectified`, whose rows lie as those of `from`, is positive or null, zero elsewhere;
  /// returns the sum.
  T (*pass)(const Rectangle<T>&, const T* rectified);
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
