#include <algorithm>

#include "windows.hpp"

namespace tenon::importing {

namespace {

/// Axes of windows of one place that touch each other are one long axis: the innermost loop gets long.
Windows joined(Windows w) {
  const auto plain = [&](std::size_t a) {
    return w.kernel[a] == 1 && w.strides[a] == 1 && w.before[a] == 0 && w.after[a] == 0;
  };
  for (std::size_t a = 2; a > 0 && plain(a - 1) && plain(2); --a) {
    w.size[2] *= w.size[a - 1];
    w.count[2] *= w.count[a - 1];
    w.size[a - 1] = w.count[a - 1] = 1;
  }
  return w;
}

/// What one tap adds to one row of the result: y[k] += w[number] x[from + k stride] for k in [first, last).
struct RowTap {
  Index number, from, first, last;

  void add(double weight, const double* x, double* y, Index stride) const {
    if (stride == 1) {
#pragma omp simd
      for (Index k = first; k < last; ++k) y[k] += weight * x[from + k];
    } else {
      for (Index k = first; k < last; ++k) y[k] += weight * x[from + k * stride];
    }
  }
};

/// visit(tap, number of the tap)
template <class Visit>
void for_each_tap(const Windows& w, Visit visit) {
  Index number = 0;
  for (Index i = 0; i < w.kernel[0]; ++i)
    for (Index j = 0; j < w.kernel[1]; ++j)
      for (Index k = 0; k < w.kernel[2]; ++k) visit(std::array{i, j, k}, number++);
}

/// The taps of row (i, j) that lie inside.
std::vector<RowTap> taps_of_row(const Windows& w, Index i, Index j) {
  std::vector<RowTap> taps;
  for_each_tap(w, [&](const auto& tap, Index number) {
    const Index a = w.place(0, i, tap[0]), b = w.place(1, j, tap[1]);
    if (a < 0 || a >= w.size[0] || b < 0 || b >= w.size[1]) return;
    const auto [first, last] = w.inside(2, tap[2]);
    taps.push_back({number, (a * w.size[1] + b) * w.size[2] + w.place(2, 0, tap[2]), first, last});
  });
  return taps;
}

}  // namespace

/// y[n, o] = b[o] + sum over c of group(o) and taps t: w[o, c, t] x[n, c, place(t)]
Array convolve(const Call& call, const Array& x, const Array& w, const Array* bias, Type type) {
  call.require(x.dims.size() >= 3 && w.dims.size() == x.dims.size(), "a kernel of {} does not fit an input of {}",
               axes_text(w.dims), axes_text(x.dims));
  const Index groups = call.node.integer("group", 1), batch = x.dims[0], channels = x.dims[1], outputs = w.dims[0];
  call.require(groups > 0 && channels % groups == 0 && outputs % groups == 0 && w.dims[1] == channels / groups,
               "a kernel of {} does not fit an input of {} in {} groups", axes_text(w.dims), axes_text(x.dims), groups);
  const Dims kernel(w.dims.begin() + 2, w.dims.end());
  call.require(call.node.integers("kernel_shape", kernel) == kernel, "kernel_shape is not that of its weights, {}",
               axes_text(w.dims));
  call.require(bias == nullptr || bias->dims == Dims{outputs}, "needs one bias for each of {} channels", outputs);
  const Windows windows = windows_of(call, x.dims, kernel);
  Dims dims{batch, outputs};
  dims.insert(dims.end(), windows.count.begin(), windows.count.end());
  Array y = call.make(type, dims);
  if (y.values.empty()) return y;

  call.require(windows.axes() <= 3, "moves over {} axes, three are supported", windows.axes());
  const Windows flat = joined(in_three_axes(windows));
  const Index in_plane = count_of(flat.size), out_plane = count_of(flat.count), taps = count_of(kernel);
  const Index in_group = channels / groups, out_group = outputs / groups;
  // Row after row of the result, so that the rows of x it is made of stay close while all channels read them.
  for (Index n = 0; n < batch; ++n)
    for (Index row = 0; row < flat.count[0] * flat.count[1]; ++row) {
      const std::vector<RowTap> row_taps = taps_of_row(flat, row / flat.count[1], row % flat.count[1]);
      for (Index o = 0; o < outputs; ++o) {
        double* to = y.values.data() + (n * outputs + o) * out_plane + row * flat.count[2];
        std::fill_n(to, flat.count[2], bias != nullptr ? element(*bias, o) : 0.0);
        for (Index c = 0; c < in_group; ++c) {
          const double* from = x.values.data() + (n * channels + o / out_group * in_group + c) * in_plane;
          const double* weights = w.values.data() + (o * in_group + c) * taps;
          for (const RowTap& tap : row_taps) tap.add(weights[tap.number], from, to, flat.strides[2]);
        }
      }
    }
  return y;
}

namespace {

std::vector<Array> conv(const Call& call) {
  return {convolve(call, call.input(0), call.input(1), call.optional(2), call.input(0).type)};
}

/// How far apart the inputs' places come to lie, and what is cut from both ends. Read backwards it is a convolution
/// from the result to the input, so `size` is the result's and `count` the input's.
Windows transposed_windows(const Call& call, const Dims& dims, const Dims& kernel) {
  const std::size_t axes = dims.size() - 2;
  Windows w{{}, kernel, per_axis(call, "strides", axes, 1, 1), per_axis(call, "dilations", axes, 1, 1),
            {}, {},     Dims(dims.begin() + 2, dims.end())};
  const Dims pads = per_axis(call, "pads", 2 * axes, 0, 0), more = per_axis(call, "output_padding", axes, 0, 0);
  const std::string automatic = call.node.text("auto_pad", "NOTSET");
  const bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER", asked = call.node.has("output_shape");
  Dims sizes = asked ? call.node.integers("output_shape") : Dims(axes, 0);
  if (sizes.size() == axes + 2) sizes.erase(sizes.begin(), sizes.begin() + 2);
  call.require(sizes.size() == axes, "output_shape has to name {} numbers", axes);
  for (std::size_t a = 0; a < axes; ++a) {
    const Index all = w.strides[a] * (w.count[a] - 1) + more[a] + (kernel[a] - 1) * w.dilations[a] + 1;
    if (same || asked) {
      const Index size = asked ? sizes[a] : w.count[a] * w.strides[a], cut = std::max(all - size, Index{0});
      call.require(size >= 0 && size < Index{1} << 31, "output_shape cannot be {}", fmt::join(sizes, ", "));
      w.before.push_back(automatic == "SAME_UPPER" ? cut / 2 : cut - cut / 2);
      w.size.push_back(size);
    } else {
      w.before.push_back(automatic == "VALID" ? 0 : pads[a]);
      w.size.push_back(automatic == "VALID" ? all : all - pads[a] - pads[axes + a]);
    }
    w.after.push_back(0);
  }
  return w;
}

/// y[n, o, place(t)] += w[c, o, t] x[n, c]
std::vector<Array> conv_transpose(const Call& call) {
  const Array &x = call.input(0, 3), &w = call.input(1, 3);
  const Array* bias = call.optional(2);
  const Index groups = call.node.integer("group", 1), batch = x.dims[0], channels = x.dims[1], out_group = w.dims[1];
  call.require(w.dims.size() == x.dims.size() && w.dims[0] == channels && groups > 0 && channels % groups == 0 &&
                   groups <= Index{1} << 24,
               "a kernel of {} does not fit an input of {} in {} groups", axes_text(w.dims), axes_text(x.dims), groups);
  const Dims kernel(w.dims.begin() + 2, w.dims.end());
  call.require(call.node.integers("kernel_shape", kernel) == kernel, "kernel_shape is not that of its weights, {}",
               axes_text(w.dims));
  const Index outputs = out_group * groups, in_group = channels / groups;
  call.require(bias == nullptr || bias->dims == Dims{outputs}, "needs one bias for each of {} channels", outputs);
  const Windows windows = transposed_windows(call, x.dims, kernel);
  Dims dims{batch, outputs};
  dims.insert(dims.end(), windows.size.begin(), windows.size.end());
  Array y = call.make(x.type, dims);
  if (y.values.empty()) return {y};

  call.require(windows.axes() <= 3, "moves over {} axes, three are supported", windows.axes());
  const Windows flat = in_three_axes(windows);
  const Index in_plane = count_of(flat.count), out_plane = count_of(flat.size), taps = count_of(kernel);
  for (Index n = 0; n < batch; ++n)
    for (Index o = 0; o < outputs; ++o) {
      double* to = y.values.data() + (n * outputs + o) * out_plane;
      std::fill_n(to, out_plane, bias != nullptr ? element(*bias, o) : 0.0);
      for (Index c = o / out_group * in_group; c < (o / out_group + 1) * in_group; ++c) {
        const double* from = x.values.data() + (n * channels + c) * in_plane;
        const double* weights = w.values.data() + (c * out_group + o % out_group) * taps;
        for_each_tap(flat, [&](const auto& tap, Index number) {
          const auto [i0, i1] = flat.inside(0, tap[0]);
          const auto [j0, j1] = flat.inside(1, tap[1]);
          const auto [k0, k1] = flat.inside(2, tap[2]);
          for (Index i = i0; i < i1; ++i)
            for (Index j = j0; j < j1; ++j)
              for (Index k = k0; k < k1; ++k)
                to[(flat.place(0, i, tap[0]) * flat.size[1] + flat.place(1, j, tap[1])) * flat.size[2] +
                   flat.place(2, k, tap[2])] += weights[number] * from[(i * flat.count[1] + j) * flat.count[2] + k];
        });
      }
    }
  return {y};
}

}  // namespace

Table convolution_operators() { return {{"Conv", conv}, {"ConvTranspose", conv_transpose}}; }

}  // namespace tenon::importing
