#include <algorithm>
#include <cmath>

#include "deformable.hpp"

/// DeformConv: a convolution that reads each number of a window somewhere beside its place, as an input says.
namespace tenon::importing {

namespace {

struct Deformed {
  Index kernel[2], stride[2], dilation[2], pad[2], out[2], groups, offset_groups;
};

Deformed deformed_by(const Call& call) {
  const Array &x = call.input(0), &w = call.input(1), &offsets = call.input(2);
  call.require(x.dims.size() == 4 && w.dims.size() == 4 && offsets.dims.size() == 4,
               "of images of {} by weights of {}: two axes of places are supported", axes_text(x.dims),
               axes_text(w.dims));
  const Dims dilations = call.node.integers("dilations", {1, 1}), pads = call.node.integers("pads", {0, 0, 0, 0}),
             strides = call.node.integers("strides", {1, 1});
  call.require(dilations.size() == 2 && pads.size() == 4 && strides.size() == 2, "has pads of {}, strides of {}",
               axes_text(pads), axes_text(strides));
  Deformed d{};
  d.groups = call.node.integer("group", 1);
  d.offset_groups = call.node.integer("offset_group", 1);
  for (std::size_t k = 0; k < 2; ++k) {
    d.kernel[k] = w.dims[k + 2], d.stride[k] = strides[k], d.dilation[k] = dilations[k], d.pad[k] = pads[k];
    const bool sane = d.kernel[k] > 0 && d.stride[k] > 0 && d.dilation[k] > 0 && std::abs(pads[k]) < most_numbers &&
                      std::abs(pads[k + 2]) < most_numbers && d.dilation[k] < most_numbers;
    call.require(sane, "has windows of {}, strides of {}, pads of {}", axes_text(w.dims), axes_text(strides),
                 axes_text(pads));
    const Index space = x.dims[k + 2] + pads[k] + pads[k + 2] - d.dilation[k] * (d.kernel[k] - 1) - 1;
    call.require(space >= 0, "has windows of {} for images of {}", axes_text(w.dims), axes_text(x.dims));
    d.out[k] = space / d.stride[k] + 1;
  }
  const Index size = d.kernel[0] * d.kernel[1];
  call.require(d.groups > 0 && d.offset_groups > 0 && x.dims[1] % d.groups == 0 && w.dims[0] % d.groups == 0 &&
                   w.dims[1] == x.dims[1] / d.groups && x.dims[1] % d.offset_groups == 0,
               "weights of {} do not fit {} channels", axes_text(w.dims), x.dims[1]);
  call.require(offsets.dims == Dims{x.dims[0], d.offset_groups * size * 2, d.out[0], d.out[1]},
               "offsets of {} do not fit", axes_text(offsets.dims));
  if (call.has(3)) call.require(call.input(3).dims == Dims{w.dims[0]}, "its bias is {}", axes_text(call.input(3).dims));
  if (call.has(4))
    call.require(call.input(4).dims == Dims{x.dims[0], d.offset_groups * size, d.out[0], d.out[1]},
                 "its mask of {} does not fit", axes_text(call.input(4).dims));
  return d;
}

/// The number between four pixels; 0 outside of the image.
double between(const double* image, Index height, Index width, double y, double x) {
  if (!(y > -1 && x > -1 && y < static_cast<double>(height) && x < static_cast<double>(width))) return 0;
  const double top = std::floor(y), left = std::floor(x);
  double sum = 0;
  for (const Index i : {0, 1})
    for (const Index j : {0, 1}) {
      const Index r = static_cast<Index>(top) + i, c = static_cast<Index>(left) + j;
      if (r < 0 || c < 0 || r >= height || c >= width) continue;
      const double share = (i == 0 ? top + 1 - y : y - top) * (j == 0 ? left + 1 - x : x - left);
      sum += share * image[r * width + c];
    }
  return sum;
}

std::vector<Array> deform_conv(const Call& call) {
  const Deformed d = deformed_by(call);
  const Array &x = call.input(0), &w = call.input(1), &offsets = call.input(2);
  const Index channels = x.dims[1], height = x.dims[2], width = x.dims[3], outputs = w.dims[0], of_group = w.dims[1],
              size = d.kernel[0] * d.kernel[1], places = d.out[0] * d.out[1];
  Array y = call.make(x.type, {x.dims[0], outputs, d.out[0], d.out[1]});
  for (Index i = 0; i < static_cast<Index>(y.values.size()); ++i) {
    const Index place = i % places, row = place / d.out[1], column = place % d.out[1], out = i / places % outputs,
                n = i / places / outputs;
    double sum = call.has(3) ? element(call.input(3), out) : 0;
    for (Index c = 0; c < of_group; ++c) {
      const Index channel = out / (outputs / d.groups) * of_group + c,
                  offset_group = channel / (channels / d.offset_groups);
      for (Index k = 0; k < size; ++k) {
        const Index at = (n * d.offset_groups + offset_group) * size + k;
        const auto shift = [&](Index axis) { return element(offsets, (2 * at + axis) * places + place); };
        const Index r = row * d.stride[0] - d.pad[0] + k / d.kernel[1] * d.dilation[0],
                    q = column * d.stride[1] - d.pad[1] + k % d.kernel[1] * d.dilation[1];
        const double seen = between(x.values.data() + (n * channels + channel) * height * width, height, width,
                                    static_cast<double>(r) + shift(0), static_cast<double>(q) + shift(1));
        const double kept = call.has(4) ? element(call.input(4), at * places + place) : 1;
        sum += kept * seen * element(w, (out * of_group + c) * size + k);
      }
    }
    element(y, i) = sum;
  }
  return {y};
}

}  // namespace

Table deformable_operators() { return {{"DeformConv", deform_conv}}; }

}  // namespace tenon::importing
