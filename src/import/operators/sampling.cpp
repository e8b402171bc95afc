#include <algorithm>
#include <cmath>

#include "../../backwards.hpp"
#include "call.hpp"

/// What is linear in an image or a signal: places between pixels, blocks that overlap, Fourier's transform.
namespace tenon::importing {

namespace {

/// A pixel of one axis, and how much of it is taken.
struct Tap {
  Index at;
  double share;
};

/// How one axis of `size` pixels is read at a place, by GridSample's attributes.
class Axis {
public:
  Axis(const Call& call, Index size) : size_(size) {
    const std::string mode = call.node.text("mode", call.opset < 20 ? "bilinear" : "linear"),
                      padding = call.node.text("padding_mode", "zeros");
    aligned_ = call.node.integer("align_corners", 0) != 0;
    order_ = mode == "nearest" ? 0 : mode == "linear" || mode == "bilinear" ? 1 : 3;
    call.require(order_ != 3 || mode == "cubic" || mode == "bicubic", "knows no mode '{}'", mode);
    border_ = padding == "border";
    reflects_ = padding == "reflection";
    call.require(border_ || reflects_ || padding == "zeros", "knows no padding '{}'", padding);
    low_ = aligned_ ? 0 : -0.5;
    high_ = low_ + static_cast<double>(aligned_ ? size - 1 : size);
  }

  /// The pixels around a place, -1 being the first end of the axis and 1 the last.
  std::vector<Tap> taps(double place) const {
    const auto size = static_cast<double>(size_);
    double x = aligned_ ? (place + 1) / 2 * (size - 1) : ((place + 1) * size - 1) / 2;
    if (!(std::abs(x) < 1e9)) return {};
    if (order_ == 0) x = std::nearbyint(x);
    if (x < low_ || x > high_) x = border_ ? std::clamp(x, 0.0, size - 1) : reflects_ ? reflected(x) : x;
    const double first = std::floor(x), t = x - first;
    std::vector<Tap> all;
    const auto take = [&](double at, double share) {
      if (at < 0 || at > size - 1) {
        if (!border_ && !reflects_) return;
        at = border_ ? std::clamp(at, 0.0, size - 1) : std::clamp(std::trunc(reflected(at)), 0.0, size - 1);
      }
      all.push_back({static_cast<Index>(at), share});
    };
    if (order_ == 0) take(x, 1);
    if (order_ == 1) take(first, 1 - t), take(first + 1, t);
    if (order_ == 3)
      take(first - 1, far(t + 1)), take(first, near(t)), take(first + 1, near(1 - t)), take(first + 2, far(2 - t));
    return all;
  }

private:
  /// Keys' cubic with a = -0.75, for distances up to 1, and from 1 to 2.
  static double near(double t) { return ((-0.75 + 2) * t - (-0.75 + 3)) * t * t + 1; }
  static double far(double t) { return ((-0.75 * t + 5 * 0.75) * t - 8 * 0.75) * t + 4 * 0.75; }

  double reflected(double x) const {
    const double length = high_ - low_;
    if (length <= 0) return 0;
    const double beyond = x < low_ ? low_ - x : x > high_ ? x - high_ : 0;
    if (beyond == 0) return x;
    const double turns = std::floor(beyond / length), rest = beyond - turns * length;
    return (std::fmod(turns, 2) == 0) == (x < low_) ? low_ + rest : high_ - rest;
  }

  Index size_;
  bool aligned_ = false, border_ = false, reflects_ = false;
  int order_ = 1;
  double low_ = 0, high_ = 0;
};

/// y[n, c, ...] = x[n, c, places of grid[n, ...]]; a place names the last axis first.
std::vector<Array> grid_sample(const Call& call) {
  const Array &x = call.input(0, 3), &grid = call.input(1);
  const std::size_t axes = x.dims.size() - 2;
  call.require(grid.dims.size() == axes + 2 && grid.dims[0] == x.dims[0] &&
                   grid.dims.back() == static_cast<Index>(axes),
               "a grid of {} does not fit images of {}", axes_text(grid.dims), axes_text(x.dims));
  Dims dims{x.dims[0], x.dims[1]};
  dims.insert(dims.end(), grid.dims.begin() + 1, grid.dims.end() - 1);
  std::vector<Axis> along;
  for (std::size_t k = 0; k < axes; ++k) {
    call.require(x.dims[k + 2] > 0, "reads images of {}", axes_text(x.dims));
    along.emplace_back(call, x.dims[k + 2]);
  }
  Array y = call.make(x.type, dims);
  if (y.values.empty()) return {y};
  const Index places = product(dims, 2, dims.size()), plane = product(x.dims, 2, x.dims.size());
  for (Index n = 0; n < dims[0]; ++n)
    for (Index p = 0; p < places; ++p) {
      std::vector<Tap> all{{0, 1}};
      for (std::size_t k = 0; k < axes; ++k) {
        std::vector<Tap> finer;
        const Index coordinate = static_cast<Index>(axes - 1 - k);
        for (const Tap& tap : along[k].taps(element(grid, (n * places + p) * static_cast<Index>(axes) + coordinate)))
          for (const Tap& before : all) finer.push_back({before.at * x.dims[k + 2] + tap.at, before.share * tap.share});
        all = std::move(finer);
      }
      for (Index c = 0; c < dims[1]; ++c)
        for (const Tap& tap : all)
          element(y, (n * dims[1] + c) * places + p) += tap.share * element(x, (n * dims[1] + c) * plane + tap.at);
    }
  return {y};
}

/// Columns of blocks are added up to images: where a block stood, its numbers go.
std::vector<Array> columns_to_image(const Call& call) {
  const Array& x = call.input(0);
  const Dims image = call.integers(1), block = call.integers(2);
  const std::size_t axes = image.size();
  const Dims ones(axes, 1), zeros(2 * axes, 0);
  const Dims dilations = call.node.integers("dilations", ones), pads = call.node.integers("pads", zeros),
             strides = call.node.integers("strides", ones);
  call.require(x.dims.size() == 3 && axes > 0 && block.size() == axes && dilations.size() == axes &&
                   pads.size() == 2 * axes && strides.size() == axes,
               "makes no images of {} by blocks of {}", axes_text(image), axes_text(block));
  Dims steps;
  for (std::size_t k = 0; k < axes; ++k) {
    call.require(image[k] > 0 && block[k] > 0 && strides[k] > 0 && dilations[k] > 0 && pads[k] >= 0 &&
                     pads[k + axes] >= 0 && pads[k] < most_numbers && pads[k + axes] < most_numbers,
                 "makes no images of {} by blocks of {}", axes_text(image), axes_text(block));
    const Index space = image[k] + pads[k] + pads[k + axes] - dilations[k] * (block[k] - 1) - 1;
    call.require(space >= 0, "blocks of {} do not fit into images of {}", axes_text(block), axes_text(image));
    steps.push_back(space / strides[k] + 1);
  }
  const Index size = count_of(block), places = count_of(steps);
  call.require(x.dims[1] % size == 0 && x.dims[2] == places, "columns of {} are not {} blocks of {}", axes_text(x.dims),
               places, size);
  Dims dims{x.dims[0], x.dims[1] / size};
  dims.insert(dims.end(), image.begin(), image.end());
  Array y = call.make(x.type, dims);
  const Index plane = count_of(image);
  for (Index i = 0; i < static_cast<Index>(x.values.size()) && !y.values.empty(); ++i) {
    Index place = i % places, within = i / places % size, at = 0, step = 1;
    bool inside = true;
    for (const std::size_t k : detail::backwards(axes)) {
      const Index here = place % steps[k] * strides[k] + within % block[k] * dilations[k] - pads[k];
      inside = inside && here >= 0 && here < image[k];
      at += here * step;
      step *= image[k];
      place /= steps[k];
      within /= block[k];
    }
    if (inside) element(y, i / places / size * plane + at) += element(x, i);
  }
  return {y};
}

/// The discrete Fourier transform along one axis; the last axis is (real) or (real, imaginary).
std::vector<Array> fourier(const Call& call) {
  const Array& x = call.input(0, 2);
  const bool inverse = call.node.integer("inverse", 0) != 0, half = call.node.integer("onesided", 0) != 0;
  const Index named = call.opset < 20 ? call.node.integer("axis", 1) : call.has(2) ? whole(call.scalar(2)) : -2;
  const std::size_t axis = call.axis(named, x.dims.size());
  call.require(axis + 1 < x.dims.size(), "its axis {} is the one of real and imaginary parts", named);
  const Index parts = x.dims.back(), given = x.dims[axis];
  call.require(parts == 1 || parts == 2, "has {} numbers at each place, 1 or 2 are expected", parts);
  const Index length = call.has(1) ? whole(call.scalar(1)) : half && inverse ? 2 * (given - 1) : given;
  call.require(length > 0 && length < most_numbers, "transforms {} numbers", length);
  Dims dims = x.dims;
  dims[axis] = half && !inverse ? length / 2 + 1 : length;
  dims.back() = half && inverse ? 1 : 2;
  Array y = call.make(x.type, dims);
  const Index inner = product(x.dims, axis + 1, x.dims.size() - 1), results = dims[axis], gives = dims.back();
  const double turn = (inverse ? 2 : -2) * std::acos(-1.0) / static_cast<double>(length);
  for (Index i = 0; i < static_cast<Index>(y.values.size()); ++i) {
    const Index part = i % gives, in = i / gives % inner, k = i / gives / inner % results,
                out = i / gives / inner / results;
    double sum = 0;
    for (Index j = 0; j < std::min(given, length); ++j) {
      const bool mirrored = half && inverse;
      if (mirrored && j > length / 2) break;
      const double angle = turn * static_cast<double>(j * k % length);
      const Index at = ((out * given + j) * inner + in) * parts;
      const double re = element(x, at), im = parts == 2 ? element(x, at + 1) : 0;
      const double both = mirrored && j > 0 && 2 * j != length ? 2 : 1;
      sum += both *
             (part == 0 ? re * std::cos(angle) - im * std::sin(angle) : re * std::sin(angle) + im * std::cos(angle));
    }
    element(y, i) = inverse ? sum / static_cast<double>(length) : sum;
  }
  return {y};
}

}  // namespace

Table sampling_operators() { return {{"GridSample", grid_sample}, {"Col2Im", columns_to_image}, {"DFT", fourier}}; }

}  // namespace tenon::importing
