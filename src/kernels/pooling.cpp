#include <tenon/kernels/pooling.hpp>

#include <algorithm>

#include <tenon/kernels/dispatch.hpp>

#include "pooling_target.hpp"

namespace tenon::kernels {

namespace {

template <class T>
const detail::PoolingLoops<T>& loops() {
  using Target = detail::PoolingTarget<T>;
#ifdef __x86_64__
  const int level = cpu_level();
  if (level == 2) return Target::avx512;
  if (level == 1) return Target::avx2;
#endif
  return Target::portable;
}

/// The taps of a window that lie inside the image.
struct Taps {
  std::size_t first, end;
  std::size_t place;  // in the image, of the first
};
Taps taps_at(const ConvolutionAxis& a, std::size_t position) {
  const std::size_t start = position * a.stride;
  Taps t{0, a.kernel, 0};
  while (t.first < t.end && start + t.first * a.dilation < a.before) ++t.first;
  while (t.end > t.first && start + (t.end - 1) * a.dilation >= a.before + a.image) --t.end;
  t.place = start + t.first * a.dilation - a.before;
  return t;
}

/// Calls visit(position in the map, rows, columns) for every window of one channel.
template <class Visit>
void each_window(const Pooling& p, Visit visit) {
  std::size_t position = 0;
  for (std::size_t r = 0; r < p.y.map; ++r) {
    const Taps rows = taps_at(p.y, r);
    for (std::size_t q = 0; q < p.x.map; ++q) visit(position++, rows, taps_at(p.x, q));
  }
}

/// The place of the first largest number in a window.
template <class T>
std::size_t place_of_largest(const Pooling& p, const T* image, const Taps& rows, const Taps& columns) {
  std::size_t best = rows.place * p.x.image + columns.place;
  std::size_t line = best;
  for (std::size_t u = rows.first; u < rows.end; ++u, line += p.y.dilation * p.x.image)
    for (std::size_t v = 0; v < columns.end - columns.first; ++v) {
      const std::size_t here = line + v * p.x.dilation;
      if (image[here] > image[best] || image[here] != image[here]) best = here;
    }
  return best;
}

}  // namespace

template <class T>
void max_pool(const Pooling& p, const T* image, T* map) {
  const std::size_t width = p.x.image;
  for (std::size_t channel = 0; channel < p.channels; ++channel, image += p.y.image * width, map += p.y.map * p.x.map) {
    if (p.halves()) {
      loops<T>().halve(image, width, map, p.y.map, p.x.map);
    } else {
      each_window(p, [&](std::size_t position, const Taps& rows, const Taps& columns) {
        map[position] = image[place_of_largest(p, image, rows, columns)];
      });
    }
  }
}

template <class T>
void max_pool_gradient(const Pooling& p, const T* image, const T* map, const T* map_gradient, T* image_gradient) {
  const std::size_t width = p.x.image, plane = p.y.image * width;
  // Windows side by side write every number that they cover.
  const bool covered = p.halves() && p.y.image == 2 * p.y.map && width == 2 * p.x.map;
  if (!covered) std::fill_n(image_gradient, p.image_size(), T(0));
  for (std::size_t channel = 0; channel < p.channels; ++channel, image += plane, image_gradient += plane) {
    if (p.halves()) {
      loops<T>().halve_gradient(image, width, map, map_gradient, image_gradient, p.y.map, p.x.map);
    } else {
      each_window(p, [&](std::size_t position, const Taps& rows, const Taps& columns) {
        image_gradient[place_of_largest(p, image, rows, columns)] += map_gradient[position];
      });
    }
    map += p.y.map * p.x.map;
    map_gradient += p.y.map * p.x.map;
  }
}

#define TENON_POOLING(T)                            \
  template void max_pool(const Pooling&, const T*, T*); \
  template void max_pool_gradient(const Pooling&, const T*, const T*, const T*, T*);
TENON_POOLING(float)
TENON_POOLING(double)
#undef TENON_POOLING

}  // namespace tenon::kernels
