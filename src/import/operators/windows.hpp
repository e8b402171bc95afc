#pragma once

#include "call.hpp"

namespace tenon::importing {

/// How a window moves over the axes behind batch and channels: by the attributes of every convolution and pool.
struct Windows {
  Dims size, kernel, strides, dilations, before, after, count;  // one number per axis; `count` windows fit

  std::size_t axes() const { return size.size(); }
  /// The place that tap `tap` of window `window` reads; it may lie in the padding.
  Index place(std::size_t axis, Index window, Index tap) const {
    return window * strides[axis] - before[axis] + tap * dilations[axis];
  }
  /// The windows whose tap `tap` lies inside: [first, second).
  std::pair<Index, Index> inside(std::size_t axis, Index tap) const;
};

/// From the attributes strides, dilations, pads, auto_pad and ceil_mode, for an input of these axes.
Windows windows_of(const Call& call, const Dims& dims, const Dims& kernel);

/// An attribute with one number for each of so many axes, all of them at least `least`.
Dims per_axis(const Call& call, const std::string& key, std::size_t axes, Index otherwise, Index least);

/// The same windows as windows over exactly three axes, those put in front of size 1.
Windows in_three_axes(const Windows& windows);

/// Used by quantised forms as well: x and w are numbers whose zero point is taken off, `bias` may be null.
Array convolve(const Call& call, const Array& x, const Array& w, const Array* bias, Type type);

}  // namespace tenon::importing
