#pragma once

#include <cstddef>

/// Images of another size without a kernel to learn.
namespace tenon::kernels {

/// One axis of a small image that lies in a large one: number i at `before` + i * `step`.
struct PlacedAxis {
  size_t small = 1, large = 1, before = 0, step = 1;
};
struct Placing {
  size_t channels = 1;
  PlacedAxis y{}, x{};
};

/// The small image of one sample in its place in the large one, zeros everywhere else.
template <class T>
void place_image(const Placing&, const T* small, T* large);
/// The numbers at those places.
template <class T>
void pick_image(const Placing&, const T* large, T* small);

/// An image stretched by whole factors. The pixel at r takes its number from the source coordinate
/// (r + 1/2) / factor - 1/2: the nearest one, or what lies linearly between the two neighbours, those
/// beyond the border being the border's.
struct Upsampling {
  size_t channels = 1;
  size_t height = 1, width = 1;  // of the image
  size_t factor_y = 1, factor_x = 1;
  bool linear = false;

  constexpr size_t scratch() const { return width; }
};

/// One sample; scratch() numbers of scratch.
template <class T>
void upsample(const Upsampling&, const T* image, T* larger, T* scratch);
template <class T>
void upsample_gradient(const Upsampling&, const T* larger_gradient, T* image_gradient, T* scratch);

/// y[c][i] = x[c][i] * factor[c] for channels of `size` numbers. A factor of 0 gives 0 whatever x is.
template <class T>
void scale_channels(size_t channels, size_t size, const T* x, const T* factor, T* y);

}  // namespace tenon::kernels
