#include <tenon/kernels/resize.hpp>

#include <algorithm>

#include <tenon/kernels/dispatch.hpp>

namespace tenon::kernels {

namespace {

/// A number between two neighbours: (1 - weight) * image[first] + weight * image[second].
template <class T>
struct Between {
  std::size_t first, second;
  T weight;
};
template <class T>
TENON_INLINE Between<T> between(std::size_t position, std::size_t factor, std::size_t size) {
  // The coordinate times 2 * factor is a whole number.
  const std::size_t twice = 2 * position + 1;
  const std::size_t numerator = twice > factor ? twice - factor : 0;
  const std::size_t first = numerator / (2 * factor);
  return {first, std::min(first + 1, size - 1), static_cast<T>(numerator % (2 * factor)) / static_cast<T>(2 * factor)};
}

/// Every number four times, and what that sends back: the factors that nearly all networks have.
template <class T>
TENON_INLINE void double_image(const T* image, std::size_t rows, std::size_t width, T* to) {
  for (std::size_t r = 0; r < rows; ++r, image += width, to += 4 * width) {
#pragma omp simd
    for (std::size_t i = 0; i < width; ++i) {
      const T v = image[i];
      to[2 * i] = v;
      to[2 * i + 1] = v;
      to[2 * width + 2 * i] = v;
      to[2 * width + 2 * i + 1] = v;
    }
  }
}
template <class T>
TENON_INLINE void add_fours(const T* larger, std::size_t rows, std::size_t width, T* to) {
  for (std::size_t r = 0; r < rows; ++r, larger += 4 * width, to += width) {
    const T* const below = larger + 2 * width;
#pragma omp simd
    for (std::size_t i = 0; i < width; ++i)
      to[i] = (larger[2 * i] + larger[2 * i + 1]) + (below[2 * i] + below[2 * i + 1]);
  }
}

}  // namespace

template <class T>
void place_image(const Placing& p, const T* small, T* large) {
  std::fill_n(large, p.channels * p.y.large * p.x.large, T(0));
  for (std::size_t channel = 0; channel < p.channels; ++channel, large += p.y.large * p.x.large) {
    for (std::size_t r = 0; r < p.y.small; ++r, small += p.x.small) {
      T* const to = large + (p.y.before + r * p.y.step) * p.x.large + p.x.before;
      if (p.x.step == 1) std::copy_n(small, p.x.small, to);
      else
        for (std::size_t q = 0; q < p.x.small; ++q) to[q * p.x.step] = small[q];
    }
  }
}

template <class T>
void pick_image(const Placing& p, const T* large, T* small) {
  for (std::size_t channel = 0; channel < p.channels; ++channel, large += p.y.large * p.x.large) {
    for (std::size_t r = 0; r < p.y.small; ++r, small += p.x.small) {
      const T* const from = large + (p.y.before + r * p.y.step) * p.x.large + p.x.before;
      for (std::size_t q = 0; q < p.x.small; ++q) small[q] = from[q * p.x.step];
    }
  }
}

template <class T>
void upsample(const Upsampling& u, const T* image, T* larger, T* scratch) {
  dispatch([=]() TENON_INLINE_LAMBDA {
    if (!u.linear && u.factor_x == 2 && u.factor_y == 2) {
      double_image(image, u.channels * u.height, u.width, larger);
      return;
    }
    const std::size_t out_height = u.height * u.factor_y, out_width = u.width * u.factor_x;
    const T* in = image;
    T* out = larger;
    for (std::size_t channel = 0; channel < u.channels; ++channel, in += u.height * u.width)
      for (std::size_t r = 0; r < out_height; ++r, out += out_width) {
        if (!u.linear) {
          if (r % u.factor_y > 0) {
            std::copy_n(out - out_width, out_width, out);
            continue;
          }
          const T* const row = in + r / u.factor_y * u.width;
          for (std::size_t i = 0; i < u.width; ++i)
            for (std::size_t k = 0; k < u.factor_x; ++k) out[i * u.factor_x + k] = row[i];
          continue;
        }
        const Between<T> rows = between<T>(r, u.factor_y, u.height);
        const T *const above = in + rows.first * u.width, *const below = in + rows.second * u.width;
#pragma omp simd
        for (std::size_t i = 0; i < u.width; ++i) scratch[i] = (1 - rows.weight) * above[i] + rows.weight * below[i];
        for (std::size_t q = 0; q < out_width; ++q) {
          const Between<T> columns = between<T>(q, u.factor_x, u.width);
          out[q] = (1 - columns.weight) * scratch[columns.first] + columns.weight * scratch[columns.second];
        }
      }
  });
}

template <class T>
void upsample_gradient(const Upsampling& u, const T* larger_gradient, T* image_gradient, T* scratch) {
  dispatch([=]() TENON_INLINE_LAMBDA {
    if (!u.linear && u.factor_x == 2 && u.factor_y == 2) {
      add_fours(larger_gradient, u.channels * u.height, u.width, image_gradient);
      return;
    }
    const std::size_t out_height = u.height * u.factor_y, out_width = u.width * u.factor_x;
    std::fill_n(image_gradient, u.channels * u.height * u.width, T(0));
    const T* dy = larger_gradient;
    T* dx = image_gradient;
    for (std::size_t channel = 0; channel < u.channels; ++channel, dx += u.height * u.width)
      for (std::size_t r = 0; r < out_height; ++r, dy += out_width) {
        std::fill_n(scratch, u.width, T(0));
        if (!u.linear) {
          for (std::size_t i = 0; i < u.width; ++i)
            for (std::size_t k = 0; k < u.factor_x; ++k) scratch[i] += dy[i * u.factor_x + k];
          T* const row = dx + r / u.factor_y * u.width;
#pragma omp simd
          for (std::size_t i = 0; i < u.width; ++i) row[i] += scratch[i];
          continue;
        }
        for (std::size_t q = 0; q < out_width; ++q) {
          const Between<T> columns = between<T>(q, u.factor_x, u.width);
          scratch[columns.first] += (1 - columns.weight) * dy[q];
          scratch[columns.second] += columns.weight * dy[q];
        }
        const Between<T> rows = between<T>(r, u.factor_y, u.height);
        T *const above = dx + rows.first * u.width, *const below = dx + rows.second * u.width;
        for (std::size_t i = 0; i < u.width; ++i) above[i] += (1 - rows.weight) * scratch[i];
        for (std::size_t i = 0; i < u.width; ++i) below[i] += rows.weight * scratch[i];
      }
  });
}

template <class T>
void scale_channels(std::size_t channels, std::size_t size, const T* x, const T* factor, T* y) {
  dispatch([=]() TENON_INLINE_LAMBDA {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const T f = factor[channel];
      const T* const from = x + channel * size;
      T* const to = y + channel * size;
      if (f == T(0)) std::fill_n(to, size, T(0));
      else
#pragma omp simd
        for (std::size_t i = 0; i < size; ++i) to[i] = f * from[i];
    }
  });
}

#define TENON_RESIZE(T)                                                                                                \
  template void place_image(const Placing&, const T*, T*);                                                             \
  template void pick_image(const Placing&, const T*, T*);                                                              \
  template void upsample(const Upsampling&, const T*, T*, T*);                                                         \
  template void upsample_gradient(const Upsampling&, const T*, T*, T*);                                                \
  template void scale_channels(std::size_t, std::size_t, const T*, const T*, T*);
TENON_RESIZE(float)
TENON_RESIZE(double)
#undef TENON_RESIZE

}  // namespace tenon::kernels
