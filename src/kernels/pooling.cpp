#include <tenon/kernels/pooling.hpp>

#include <algorithm>
#include <limits>

#include <tenon/inline.hpp>

#include "loops_for_cpu.hpp"
#include "pooling_target.hpp"

namespace tenon::kernels {

namespace {

template <class T>
const detail::PoolingLoops<T>& loops() {
  return loops_for_cpu<detail::PoolingTarget<T>>();
}

/// Calls visit(position in the map, rows, columns) for every window of one channel.
template <class Visit>
void each_window(const Pooling& p, Visit visit) {
  std::size_t position = 0;
  for (std::size_t r = 0; r < p.y.map; ++r) {
    const WindowSpan rows = window_span(p.y, r);
    for (std::size_t q = 0; q < p.x.map; ++q) visit(position++, rows, window_span(p.x, q));
  }
}

/// The place of the first largest number in a window.
template <class T>
std::size_t place_of_largest(const Pooling& p, const T* image, const WindowSpan& rows, const WindowSpan& columns) {
  std::size_t best = rows.place * p.x.image + columns.place;
  std::size_t line = best;
  for (std::size_t u = 0; u < rows.count; ++u, line += rows.step * p.x.image)
    for (std::size_t v = 0; v < columns.count; ++v) {
      const std::size_t here = line + v * columns.step;
      if (image[here] > image[best] || image[here] != image[here]) best = here;
    }
  return best;
}

/// Calls visit(position, place) for every window of a sample, both counted through all channels.
template <class T, class Visit>
void each_largest(const Pooling& p, const T* image, Visit visit) {
  const std::size_t plane = p.y.image * p.x.image, positions = p.y.map * p.x.map;
  for (std::size_t channel = 0; channel < p.channels; ++channel) {
    const T* const here = image + channel * plane;
    each_window(p, [&](std::size_t position, const WindowSpan& rows, const WindowSpan& columns) {
      visit(channel * positions + position, channel * plane + place_of_largest(p, here, rows, columns));
    });
  }
}

template <class T>
TENON_INLINE T larger(T a, T b) {
  return a >= b || a != a ? a : b;
}

/// The positions whose tap v lies inside the image: their numbers are image[place + (q - first) s].
struct Reach {
  std::size_t first, end, place;
};
TENON_INLINE Reach reach_of(const ConvolutionAxis& a, std::size_t tap) {
  const std::size_t offset = tap * a.dilation;
  const std::size_t first = offset >= a.before ? 0 : (a.before - offset + a.stride - 1) / a.stride;
  const std::size_t limit = a.before + a.image;  // offset + q s < limit
  const std::size_t end = offset >= limit ? 0 : std::min(a.map, (limit - offset + a.stride - 1) / a.stride);
  return {first, std::max(first, end), first * a.stride + offset - a.before};
}

/// Calls visit(to, from) for the positions of a tap; a stride of one is worth a loop of its own.
template <class Visit>
TENON_INLINE void along(const ConvolutionAxis& a, std::size_t tap, Visit visit) {
  const Reach t = reach_of(a, tap);
  const std::size_t n = t.end - t.first, stride = a.stride;
  if (stride == 1) {
#pragma omp simd
    for (std::size_t i = 0; i < n; ++i) visit(t.first + i, t.place + i);
  } else {
#pragma omp simd
    for (std::size_t i = 0; i < n; ++i) visit(t.first + i, t.place + i * stride);
  }
}

TENON_INLINE WindowSpan adaptive_span(const ConvolutionAxis& a, std::size_t position) {
  const std::size_t first = position * a.image / a.map;
  return {first, ((position + 1) * a.image + a.map - 1) / a.map - first, 1};
}
TENON_INLINE WindowSpan span_of(const Averaging& p, const ConvolutionAxis& a, std::size_t position) {
  return p.adaptive ? adaptive_span(a, position) : window_span(a, position);
}
TENON_INLINE std::size_t divisor(const Averaging& p, const ConvolutionAxis& a, const WindowSpan& span) {
  return p.counts_padding && !p.adaptive ? a.kernel : span.count;
}

}  // namespace

template <class T>
void max_pool(const Pooling& p, const T* image, T* map, T* scratch) {
  const std::size_t width = p.x.image;
  if (p.halves()) {
    for (std::size_t channel = 0; channel < p.channels; ++channel, image += p.y.image * width, map += p.y.map * p.x.map)
      loops<T>().halve(image, width, map, p.y.map, p.x.map);
    return;
  }
  dispatch([=]() TENON_INLINE_LAMBDA {
    T* out = map;
    for (std::size_t channel = 0; channel < p.channels; ++channel)
      for (std::size_t r = 0; r < p.y.map; ++r, out += p.x.map) {
        const WindowSpan rows = window_span(p.y, r);
        const T* row = image + (channel * p.y.image + rows.place) * width;
        std::copy_n(row, width, scratch);
        for (std::size_t u = 1; u < rows.count; ++u) {
          row += rows.step * width;
#pragma omp simd
          for (std::size_t i = 0; i < width; ++i) scratch[i] = larger(scratch[i], row[i]);
        }
        std::fill_n(out, p.x.map, -std::numeric_limits<T>::infinity());
        for (std::size_t v = 0; v < p.x.kernel; ++v)
          along(p.x, v, [=](std::size_t to, std::size_t from) TENON_INLINE_LAMBDA {
            out[to] = larger(out[to], scratch[from]);
          });
      }
  });
}

template <class T>
void max_pool_gradient(const Pooling& p, const T* image, const T* map, const T* map_gradient, T* image_gradient) {
  const std::size_t width = p.x.image;
  // Windows side by side write every number that they cover.
  const bool covered = p.halves() && p.y.image == 2 * p.y.map && width == 2 * p.x.map;
  if (!covered) std::fill_n(image_gradient, p.image_size(), T(0));
  if (!p.halves()) {
    each_largest(p, image,
                 [&](std::size_t position, std::size_t place) { image_gradient[place] += map_gradient[position]; });
    return;
  }
  const std::size_t plane = p.y.image * width, map_plane = p.y.map * p.x.map;
  for (std::size_t channel = 0; channel < p.channels; ++channel) {
    loops<T>().halve_gradient(image, width, map, map_gradient, image_gradient, p.y.map, p.x.map);
    image += plane, image_gradient += plane, map += map_plane, map_gradient += map_plane;
  }
}

template <class T>
void max_unpool(const Pooling& p, const T* image, const T* values, T* unpooled) {
  std::fill_n(unpooled, p.image_size(), T(0));
  each_largest(p, image, [&](std::size_t position, std::size_t place) { unpooled[place] = values[position]; });
}

template <class T>
void max_unpool_gradient(const Pooling& p, const T* image, const T* unpooled, T* values) {
  each_largest(p, image, [&](std::size_t position, std::size_t place) { values[position] = unpooled[place]; });
}

template <class T>
void average_pool(const Averaging& p, const T* image, T* map, T* scratch) {
  dispatch([=]() TENON_INLINE_LAMBDA {
    const ConvolutionAxis &y = p.windows.y, &x = p.windows.x;
    const std::size_t width = x.image;
    T* out = map;
    for (std::size_t channel = 0; channel < p.windows.channels; ++channel)
      for (std::size_t r = 0; r < y.map; ++r, out += x.map) {
        const WindowSpan rows = span_of(p, y, r);
        const T* row = image + (channel * y.image + rows.place) * width;
        std::copy_n(row, width, scratch);
        for (std::size_t u = 1; u < rows.count; ++u) {
          row += rows.step * width;
#pragma omp simd
          for (std::size_t i = 0; i < width; ++i) scratch[i] += row[i];
        }
        if (!p.adaptive) {
          std::fill_n(out, x.map, T(0));
          for (std::size_t v = 0; v < x.kernel; ++v)
            along(x, v, [=](std::size_t to, std::size_t from) TENON_INLINE_LAMBDA { out[to] += scratch[from]; });
        }
        const std::size_t down = divisor(p, y, rows);
        for (std::size_t q = 0; q < x.map; ++q) {
          const WindowSpan columns = span_of(p, x, q);
          if (p.adaptive) {
            out[q] = T(0);
            for (std::size_t v = 0; v < columns.count; ++v) out[q] += scratch[columns.place + v];
          }
          out[q] /= static_cast<T>(down * divisor(p, x, columns));
        }
      }
  });
}

template <class T>
void average_pool_gradient(const Averaging& p, const T* map_gradient, T* image_gradient, bool add, T* scratch) {
  dispatch([=]() TENON_INLINE_LAMBDA {
    const ConvolutionAxis &y = p.windows.y, &x = p.windows.x;
    const std::size_t width = x.image;
    if (!add) std::fill_n(image_gradient, p.windows.image_size(), T(0));
    const T* in = map_gradient;
    for (std::size_t channel = 0; channel < p.windows.channels; ++channel)
      for (std::size_t r = 0; r < y.map; ++r, in += x.map) {
        const WindowSpan rows = span_of(p, y, r);
        const std::size_t down = divisor(p, y, rows);
        std::fill_n(scratch, width, T(0));
        for (std::size_t q = 0; q < x.map; ++q) {
          const WindowSpan columns = span_of(p, x, q);
          const T share = in[q] / static_cast<T>(down * divisor(p, x, columns));
          for (std::size_t v = 0; v < columns.count; ++v) scratch[columns.place + v * columns.step] += share;
        }
        T* row = image_gradient + (channel * y.image + rows.place) * width;
        for (std::size_t u = 0; u < rows.count; ++u, row += rows.step * width) {
#pragma omp simd
          for (std::size_t i = 0; i < width; ++i) row[i] += scratch[i];
        }
      }
  });
}

#define TENON_POOLING(T)                                                                                               \
  template void max_pool(const Pooling&, const T*, T*, T*);                                                            \
  template void max_pool_gradient(const Pooling&, const T*, const T*, const T*, T*);                                   \
  template void max_unpool(const Pooling&, const T*, const T*, T*);                                                    \
  template void max_unpool_gradient(const Pooling&, const T*, const T*, T*);                                           \
  template void average_pool(const Averaging&, const T*, T*, T*);                                                      \
  template void average_pool_gradient(const Averaging&, const T*, T*, bool, T*);
TENON_POOLING(float)
TENON_POOLING(double)
#undef TENON_POOLING

}  // namespace tenon::kernels
