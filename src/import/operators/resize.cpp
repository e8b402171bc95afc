#include "resize.hpp"

#include <algorithm>
#include <cmath>

/// Resize and Upsample: along each axis by itself a place of the result is a weighted sum of places of the input.
namespace tenon::importing {

namespace {

/// One axis: how long it is, how long it gets and what part of it is looked at.
struct Axis {
  Index in = 0, out = 0;
  double scale = 1;
  double length = 0;  // in * scale, which need not be whole
  double start = 0, end = 1;
  bool untouched = false;
};

struct Way {
  std::string mode, coordinates, nearest;
  bool antialias = false, exclude_outside = false;
  double cubic = -0.75;
};

/// Where place `at` of the result lies in the input.
double coordinate(const Way& way, const Axis& axis, Index at) {
  const auto x = static_cast<double>(at), in = static_cast<double>(axis.in), out = static_cast<double>(axis.out);
  const double half = (x + 0.5) / axis.scale - 0.5;
  if (way.coordinates == "asymmetric") return x / axis.scale;
  if (way.coordinates == "align_corners") return axis.out == 1 ? 0 : x * (in - 1) / (axis.length - 1);
  if (way.coordinates == "pytorch_half_pixel") return axis.out > 1 ? half : 0;
  if (way.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;
  if (way.coordinates == "half_pixel_symmetric") return in / 2 * (1 - out / axis.length) + half;
  if (way.coordinates == "tf_crop_and_resize")
    return axis.out > 1 ? axis.start * (in - 1) + x * (axis.end - axis.start) * (in - 1) / (out - 1)
                        : 0.5 * (axis.start + axis.end) * (in - 1);
  return half;
}

double nearest(const Way& way, double x) {
  if (way.nearest == "floor") return std::floor(x);
  if (way.nearest == "ceil") return std::ceil(x);
  if (way.nearest == "round_prefer_ceil") return std::floor(x + 0.5);
  return std::ceil(x - 0.5);
}

/// Weight of a number so far away.
double kernel(const Way& way, double distance) {
  const double t = std::abs(distance), a = way.cubic;
  if (way.mode == "linear") return std::max(1 - t, 0.0);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

struct Tap {
  Index place;
  double weight;
};

/// Of what a place of the result is made; places outside count as those at the edge.
std::vector<Tap> taps_of(const Way& way, const Axis& axis, double x) {
  const auto inside = [&](Index place) { return std::clamp(place, Index{0}, axis.in - 1); };
  if (way.mode == "nearest") return {{inside(whole(nearest(way, x))), 1}};
  const double narrow = way.antialias ? std::min(axis.scale, 1.0) : 1, reach = (way.mode == "linear" ? 1 : 2) / narrow;
  std::vector<Tap> taps;
  double sum = 0;
  const Index base = whole(std::floor(x)), first = whole(std::floor(-reach)) + 1;
  for (Index i = first; i <= 1 - first; ++i) {
    const Index place = base + i;
    const double weight = way.exclude_outside && place != inside(place)
                              ? 0
                              : kernel(way, narrow * (static_cast<double>(place) - x));
    taps.push_back({inside(place), weight});
    sum += weight;
  }
  if (way.antialias || way.exclude_outside)
    for (Tap& tap : taps) tap.weight /= sum;
  return taps;
}

/// One axis gets its new length.
Array along(const Array& x, std::size_t a, const std::vector<std::vector<Tap>>& taps) {
  Array y{x.type, x.dims, {}};
  y.dims[a] = static_cast<Index>(taps.size());
  y.values.resize(static_cast<std::size_t>(count_of(y.dims)));
  const Index inner = product(x.dims, a + 1, x.dims.size());
  auto next = y.values.begin();
  for (Index outer = 0; outer < product(x.dims, 0, a); ++outer)
    for (const auto& sources : taps) {
      for (const Tap& tap : sources) {
        const double* from = x.values.data() + (outer * x.dims[a] + tap.place) * inner;
        for (Index i = 0; i < inner; ++i) next[i] += tap.weight * from[i];
      }
      next += inner;
    }
  return y;
}

/// What the places of an axis are made of, and which of them lie outside of the input.
struct Line {
  std::vector<std::vector<Tap>> taps;
  std::vector<bool> outside;
};

Line line_of(const Way& way, const Axis& axis) {
  Line line;
  for (Index i = 0; i < axis.out; ++i) {
    const double at = axis.untouched ? static_cast<double>(i) : std::clamp(coordinate(way, axis, i), -1e9, 1e9);
    line.outside.push_back(way.coordinates == "tf_crop_and_resize" &&
                           (at < 0 || at > static_cast<double>(axis.in - 1)));
    line.taps.push_back(taps_of(way, axis, at));
  }
  return line;
}

Array resized(const Call& call, const Array& x, const std::vector<Axis>& axes, const Way& way, double outside_value) {
  Dims dims;
  for (const Axis& axis : axes) {
    call.require(axis.in > 0 || axis.out == 0, "cannot make {} places of none", axis.out);
    dims.push_back(axis.out);
  }
  Array y = call.make(x.type, dims);
  if (y.values.empty()) return y;
  y = x;
  std::vector<std::vector<bool>> outside;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    Line line = line_of(way, axes[a]);
    outside.push_back(std::move(line.outside));
    if (!axes[a].untouched) y = along(y, a, line.taps);
  }
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const Index inner = product(dims, a + 1, dims.size());
    for (std::size_t i = 0; i < y.values.size(); ++i)
      if (outside[a][static_cast<std::size_t>(static_cast<Index>(i) / inner % dims[a])]) y.values[i] = outside_value;
  }
  return y;
}

/// The product as it is in float, where 0.7 x 10 is 7.
Index scaled_size(const Call& call, Index in, double scale) {
  call.require(scale > 1e-6 && scale < 1e6 && in < Index{1} << 31, "cannot scale {} by {}", in, scale);
  return whole(std::floor(static_cast<double>(static_cast<float>(static_cast<double>(in) * scale))));
}

std::vector<Axis> unchanged(const Dims& dims) {
  std::vector<Axis> axes;
  for (const Index size : dims) axes.push_back({size, size, 1, static_cast<double>(size), 0, 1, true});
  return axes;
}

void scale_axes(const Call& call, std::vector<Axis>& axes, const std::vector<std::size_t>& which,
                const std::vector<double>& scales) {
  call.require(scales.size() == which.size(), "needs {} scales, not {}", which.size(), scales.size());
  for (std::size_t i = 0; i < which.size(); ++i) {
    Axis& axis = axes[which[i]];
    axis.scale = scales[i];
    axis.length = static_cast<double>(axis.in) * scales[i];
    axis.out = scaled_size(call, axis.in, scales[i]);
    axis.untouched = scales[i] == 1;
  }
}

/// Sizes as they are, or the largest (smallest) image of the same proportions that is not larger (smaller).
void size_axes(const Call& call, std::vector<Axis>& axes, const std::vector<std::size_t>& which, const Dims& sizes) {
  call.require(sizes.size() == which.size(), "needs {} sizes, not {}", which.size(), sizes.size());
  const std::string policy = call.node.text("keep_aspect_ratio_policy", "stretch");
  call.require(policy == "stretch" || policy == "not_larger" || policy == "not_smaller",
               "the policy {} is not supported", policy);
  std::vector<double> scales;
  for (std::size_t i = 0; i < which.size(); ++i) {
    call.require(sizes[i] >= 0 && sizes[i] < Index{1} << 31 && axes[which[i]].in > 0, "cannot make {} places of {}",
                 sizes[i], axes[which[i]].in);
    scales.push_back(static_cast<double>(sizes[i]) / static_cast<double>(axes[which[i]].in));
  }
  for (std::size_t i = 0; i < which.size(); ++i) {
    Axis& axis = axes[which[i]];
    const bool larger = policy == "not_larger";
    axis.scale = policy == "stretch" ? scales[i]
                 : larger            ? *std::min_element(scales.begin(), scales.end())
                                     : *std::max_element(scales.begin(), scales.end());
    axis.out = policy == "stretch" ? sizes[i] : whole(std::floor(axis.scale * static_cast<double>(axis.in) + 0.5));
    axis.length = static_cast<double>(axis.out);
    axis.untouched = axis.scale == 1;
  }
}

std::string mode_of(const Call& call) {
  std::string mode = call.node.text("mode", "nearest");
  if (mode == "bilinear") return "linear";
  call.require(mode == "nearest" || mode == "linear" || mode == "cubic", "the mode {} is not supported", mode);
  return mode;
}

struct Plan {
  std::vector<Axis> axes;
  Way way;
};

/// Upsample, and Resize of opset 10: places are divided by the scale, the nearest one is that below.
Plan plan_of_upsample(const Call& call) {
  const Array& x = call.input(0);
  const auto* listed = call.attribute<std::vector<double>>("scales");
  std::vector<Axis> axes = unchanged(x.dims);
  std::vector<std::size_t> all(axes.size());
  for (std::size_t a = 0; a < all.size(); ++a) all[a] = a;
  scale_axes(call, axes, all, listed != nullptr ? *listed : call.numbers(1));
  return {axes, {mode_of(call), "asymmetric", "floor"}};
}

Plan plan_of(const Call& call) {
  if (call.node.op == "Upsample" || call.opset < 11) return plan_of_upsample(call);
  const Array& x = call.input(0);
  const Way way{mode_of(call),
                call.node.text("coordinate_transformation_mode", "half_pixel"),
                call.node.text("nearest_mode", "round_prefer_floor"),
                call.node.integer("antialias", 0) != 0,
                call.node.integer("exclude_outside", 0) != 0,
                call.node.number("cubic_coeff_a", -0.75)};
  constexpr std::array known_coordinates{"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
                                         "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
  call.require(std::find(known_coordinates.begin(), known_coordinates.end(), way.coordinates) !=
                   known_coordinates.end(),
               "the coordinates {} are not supported", way.coordinates);
  std::vector<Axis> axes = unchanged(x.dims);
  std::vector<std::size_t> which;
  if (call.node.has("axes")) {
    call.axes(call.node.integers("axes"), axes.size());
    for (const Index a : call.node.integers("axes")) which.push_back(call.axis(a, axes.size()));
  } else {
    for (std::size_t a = 0; a < axes.size(); ++a) which.push_back(a);
  }
  if (call.has(3) && call.input(3).dims != Dims{0}) size_axes(call, axes, which, call.integers(3));
  else scale_axes(call, axes, which, call.numbers(2));
  if (way.coordinates == "tf_crop_and_resize") {
    const std::vector<double>& region = call.numbers(1);
    call.require(region.size() == 2 * which.size(), "needs start and end of {} axes", which.size());
    for (std::size_t i = 0; i < which.size(); ++i) {
      axes[which[i]].start = region[i];
      axes[which[i]].end = region[which.size() + i];
      axes[which[i]].untouched = false;
    }
  }
  return {axes, way};
}

std::vector<Array> resize(const Call& call) {
  const Plan plan = plan_of(call);
  return {resized(call, call.input(0), plan.axes, plan.way, call.node.number("extrapolation_value", 0))};
}

}  // namespace

std::vector<ResizedAxis> resized_axes(const Call& call) {
  const Plan plan = plan_of(call);
  std::vector<ResizedAxis> all;
  for (std::size_t a = 0; a < plan.axes.size(); ++a) {
    const Axis& axis = plan.axes[a];
    if (axis.untouched) continue;
    Line line = line_of(plan.way, axis);
    Array matrix{Type::float32, {axis.out, axis.in}, std::vector<double>(static_cast<std::size_t>(axis.out * axis.in))};
    for (Index i = 0; i < axis.out; ++i)
      for (const Tap& tap : line.taps[static_cast<std::size_t>(i)])
        element(matrix, i * axis.in + tap.place) += tap.weight;
    all.push_back({a, axis.scale, std::move(matrix), std::move(line.outside)});
  }
  return all;
}

Table resize_operators() { return {{"Resize", resize}, {"Upsample", resize}}; }

}  // namespace tenon::importing
