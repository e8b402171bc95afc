#include <algorithm>
#include <cmath>
#include <limits>

#include "windows.hpp"

namespace tenon::importing {

namespace {

Dims pooled_dims(const Dims& dims, const Windows& w) {
  Dims result{dims[0], dims[1]};
  result.insert(result.end(), w.count.begin(), w.count.end());
  return result;
}

/// visit(first number of the window's plane, place in the result, windows in three axes, which window)
template <class Visit>
void for_each_window(const Call& call, const Dims& dims, const Windows& windows, Visit visit) {
  call.require(windows.axes() <= 3, "moves over {} axes, three are supported", windows.axes());
  const Windows w = in_three_axes(windows);
  std::size_t place = 0;
  for (Index plane = 0; plane < dims[0] * dims[1]; ++plane)
    for (Index i = 0; i < w.count[0]; ++i)
      for (Index j = 0; j < w.count[1]; ++j)
        for (Index k = 0; k < w.count[2]; ++k) visit(plane * count_of(w.size), place++, w, std::array{i, j, k});
}

/// visit(offset in the plane) for every tap that lies inside
template <class Visit>
void for_each_inside(const Windows& w, const std::array<Index, 3>& window, Visit visit) {
  const auto inside = [&](std::size_t axis, Index place) { return place >= 0 && place < w.size[axis]; };
  for (Index i = 0; i < w.kernel[0]; ++i)
    for (Index j = 0; j < w.kernel[1]; ++j)
      for (Index k = 0; k < w.kernel[2]; ++k) {
        const Index a = w.place(0, window[0], i), b = w.place(1, window[1], j), c = w.place(2, window[2], k);
        if (inside(0, a) && inside(1, b) && inside(2, c)) visit((a * w.size[1] + b) * w.size[2] + c);
      }
}

/// With where each maximum was, as a place in all of x; storage_order 1 counts places of a plane columns first.
std::vector<Array> max_pool(const Call& call) {
  const Array& x = call.input(0);
  const Windows windows = windows_of(call, x.dims, call.node.integers("kernel_shape"));
  Array y = call.make(x.type, pooled_dims(x.dims, windows)), places = call.make(Type::int64, y.dims);
  const bool columns_first = call.node.integer("storage_order", 0) != 0;
  if (y.values.empty()) return {y, places};
  for_each_window(call, x.dims, windows, [&](Index plane, std::size_t at, const Windows& w, const auto& window) {
    double most = -std::numeric_limits<double>::infinity();
    Index where = 0;
    for_each_inside(w, window, [&](Index offset) {
      const double value = element(x, plane + offset);
      if (!(value > most)) return;
      most = value;
      where = offset;
    });
    const Index c = where % w.size[2], b = where / w.size[2] % w.size[1], a = where / w.size[2] / w.size[1];
    y.values[at] = most;
    places.values[at] = static_cast<double>(plane + (columns_first ? (c * w.size[1] + b) * w.size[0] + a : where));
  });
  return {y, places};
}

/// How many taps of a window the mean counts: those inside, or with count_include_pad those in the padding too, but
/// none beyond it, where ceil_mode may bring a window.
Index counted_taps(const Windows& w, const std::array<Index, 3>& window) {
  Index count = 1;
  for (std::size_t a = 0; a < 3; ++a) {
    Index taps = 0;
    for (Index t = 0; t < w.kernel[a]; ++t) taps += w.place(a, window[a], t) < w.size[a] + w.after[a] ? 1 : 0;
    count *= taps;
  }
  return count;
}

std::vector<Array> average_pool(const Call& call) {
  const Array& x = call.input(0);
  const Windows windows = windows_of(call, x.dims, call.node.integers("kernel_shape"));
  const bool with_padding = call.node.integer("count_include_pad", 0) != 0;
  Array y = call.make(x.type, pooled_dims(x.dims, windows));
  if (y.values.empty()) return {y};
  for_each_window(call, x.dims, windows, [&](Index plane, std::size_t at, const Windows& w, const auto& window) {
    double sum = 0;
    Index count = 0;
    for_each_inside(w, window, [&](Index offset) {
      sum += element(x, plane + offset);
      ++count;
    });
    if (with_padding) count = counted_taps(w, window);
    y.values[at] = count == 0 ? 0 : sum / static_cast<double>(count);
  });
  return {y};
}

/// (sum |x|^p)^(1/p)
std::vector<Array> lp_pool(const Call& call) {
  const Array& x = call.input(0);
  const Windows windows = windows_of(call, x.dims, call.node.integers("kernel_shape"));
  const auto p = static_cast<double>(call.node.integer("p", 2));
  Array y = call.make(x.type, pooled_dims(x.dims, windows));
  if (y.values.empty()) return {y};
  for_each_window(call, x.dims, windows, [&](Index plane, std::size_t at, const Windows& w, const auto& window) {
    double sum = 0;
    for_each_inside(w, window, [&](Index offset) { sum += std::pow(std::abs(element(x, plane + offset)), p); });
    y.values[at] = std::pow(sum, 1 / p);
  });
  return {y};
}

/// f(first, last) over all places of a channel.
template <class F>
Definition global(F f) {
  return [=](const Call& call) {
    const Array& x = call.input(0, 3);
    Dims dims(x.dims.size(), 1);
    dims[0] = x.dims[0];
    dims[1] = x.dims[1];
    const Index plane = product(x.dims, 2, x.dims.size());
    call.require(plane > 0, "there is nothing in {} to pool", axes_text(x.dims));
    Array y = call.make(x.type, dims);
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const double* first = x.values.data() + static_cast<Index>(i) * plane;
      y.values[i] = f(first, first + plane);
    }
    return std::vector{y};
  };
}

double average(const double* first, const double* last) {
  double sum = 0;
  for (const double* x = first; x != last; ++x) sum += *x;
  return sum / static_cast<double>(last - first);
}

}  // namespace

Table pooling_operators() {
  return {{"MaxPool", max_pool},
          {"AveragePool", average_pool},
          {"LpPool", lp_pool},
          {"GlobalAveragePool", global(average)},
          {"GlobalMaxPool",
           global([](const double* first, const double* last) { return *std::max_element(first, last); })}};
}

}  // namespace tenon::importing
