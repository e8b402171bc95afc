#include "tenon/data/augment/image.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace tenon::augment {

namespace {

constexpr double radians(double degrees) { return degrees * std::numbers::pi / 180; }

/// The pixels around a place, those beyond the border being zero.
struct Neighbours {
  std::ptrdiff_t row, column;
  double down, right;  // how far towards the next one
};
Neighbours around(double row, double column) {
  const double r = std::floor(row), c = std::floor(column);
  return {static_cast<std::ptrdiff_t>(r), static_cast<std::ptrdiff_t>(c), row - r, column - c};
}
template <class T>
T value_at(const ImageSize& s, const T* plane, const Neighbours& n) {
  const auto height = static_cast<std::ptrdiff_t>(s.height), width = static_cast<std::ptrdiff_t>(s.width);
  const auto pixel = [&](std::ptrdiff_t r, std::ptrdiff_t c) {
    return r >= 0 && r < height && c >= 0 && c < width ? plane[r * width + c] : T(0);
  };
  const T down = static_cast<T>(n.down), right = static_cast<T>(n.right);
  const T above = (1 - right) * pixel(n.row, n.column) + right * pixel(n.row, n.column + 1);
  const T below = (1 - right) * pixel(n.row + 1, n.column) + right * pixel(n.row + 1, n.column + 1);
  return (1 - down) * above + down * below;
}

/// Takes every pixel from source(row, column), a pair of coordinates; one that lies outside as a whole
/// is zero, however far away it is.
template <class T, class Source>
void resample(const ImageSize& s, const T* from, T* to, Source source) {
  for (std::size_t r = 0; r < s.height; ++r)
    for (std::size_t c = 0; c < s.width; ++c) {
      const auto [row, column] = source(r, c);
      const bool inside = row > -1 && row < static_cast<double>(s.height) && column > -1 &&
                          column < static_cast<double>(s.width);
      const Neighbours n = inside ? around(row, column) : Neighbours{};
      for (std::size_t channel = 0; channel < s.channels; ++channel)
        to[channel * s.pixels() + r * s.width + c] = inside ? value_at(s, from + channel * s.pixels(), n) : T(0);
    }
}

/// One pass of a symmetric filter along rows (step 1) or columns (step width), zeros beyond the border.
template <class T>
void smooth(std::size_t lines, std::size_t line_step, std::size_t length, std::size_t step, const T* weight,
            std::size_t radius, const T* from, T* to) {
  for (std::size_t line = 0; line < lines; ++line)
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t first = i > radius ? i - radius : 0, last = std::min(length - 1, i + radius);
      T sum = 0;
      for (std::size_t k = first; k <= last; ++k) sum += weight[k + radius - i] * from[line * line_step + k * step];
      to[line * line_step + i * step] = sum;
    }
}

}  // namespace

Motion rotation(double degrees) {
  // whole quarters are kept apart, so that right angles hit the pixels
  const double quarters = std::round(degrees / 90), rest = degrees - 90 * quarters;
  double c = std::cos(radians(rest)), s = std::sin(radians(rest));
  const int turns = static_cast<int>(std::fmod(quarters, 4));
  for (int k = 0; k < (turns + 4) % 4; ++k) c = -std::exchange(s, c);
  // rows count downwards, so that this turns counterclockwise on the screen
  return {{c, s, -s, c}, {0, 0}};
}

Motion shearing(double degrees) { return {{1, 0, std::tan(radians(degrees)), 1}, {0, 0}}; }

template <class T>
void move_image(const ImageSize& s, const Motion& m, const T* from, T* to) {
  const double middle_row = static_cast<double>(s.height - 1) / 2, middle_column = static_cast<double>(s.width - 1) / 2;
  resample(s, from, to, [&](std::size_t r, std::size_t c) {
    const double y = static_cast<double>(r) - middle_row, x = static_cast<double>(c) - middle_column;
    return std::pair{m.matrix[0] * y + m.matrix[1] * x + m.offset[0] + middle_row,
                     m.matrix[2] * y + m.matrix[3] * x + m.offset[1] + middle_column};
  });
}

template <class T>
void distort_image(const ImageSize& s, double alpha, double sigma, Stream& stream, const T* from, T* to, T* scratch) {
  const std::size_t radius = distortion_radius(sigma);
  T* const down = scratch;
  T* const right = down + s.pixels();
  T* const half_smooth = right + s.pixels();
  T* const weight = half_smooth + s.pixels();
  for (std::size_t k = 0; k <= 2 * radius; ++k) {
    const double off = static_cast<double>(k) - static_cast<double>(radius);
    weight[k] = static_cast<T>(std::exp(-off * off / (2 * sigma * sigma)));
  }
  const T total = std::accumulate(weight, weight + 2 * radius + 1, T(0));
  for (std::size_t k = 0; k <= 2 * radius; ++k) weight[k] /= total;
  for (T* field : {down, right}) {
    for (std::size_t i = 0; i < s.pixels(); ++i) field[i] = static_cast<T>(stream.uniform<float>(-1.0F, 1.0F));
    smooth(s.height, s.width, s.width, 1, weight, radius, field, half_smooth);
    smooth(s.width, 1, s.height, s.width, weight, radius, half_smooth, field);
  }
  resample(s, from, to, [&](std::size_t r, std::size_t c) {
    return std::pair{static_cast<double>(r) + alpha * static_cast<double>(down[r * s.width + c]),
                     static_cast<double>(c) + alpha * static_cast<double>(right[r * s.width + c])};
  });
}

template <class T>
void cut_image(const ImageSize& from_size, const T* from, std::size_t top, std::size_t left, const ImageSize& to_size,
               T* to) {
  for (std::size_t channel = 0; channel < to_size.channels; ++channel)
    for (std::size_t r = 0; r < to_size.height; ++r, to += to_size.width)
      std::copy_n(from + channel * from_size.pixels() + (top + r) * from_size.width + left, to_size.width, to);
}

template <class T>
void add_noise(std::size_t size, double deviation, Stream& stream, T* image) {
  for (std::size_t i = 0; i < size; ++i) image[i] += static_cast<T>(deviation) * static_cast<T>(stream.normal<float>());
}

template <class T>
void blank_square(const ImageSize& s, std::size_t side, std::size_t row, std::size_t column, T* image) {
  const std::size_t before = side / 2;
  const std::size_t top = row > before ? row - before : 0, left = column > before ? column - before : 0;
  const std::size_t bottom = std::min(s.height, row + side - before), right = std::min(s.width, column + side - before);
  for (std::size_t channel = 0; channel < s.channels; ++channel)
    for (std::size_t r = top; r < bottom; ++r)
      std::fill(image + channel * s.pixels() + r * s.width + left, image + channel * s.pixels() + r * s.width + right,
                T(0));
}

template <class T>
void stretch_values(std::size_t size, double factor, bool about_mean, T* image) {
  const double sum = about_mean ? std::accumulate(image, image + size, 0.0) : 0;
  const T middle = static_cast<T>(sum / static_cast<double>(size)), f = static_cast<T>(factor);
  for (std::size_t i = 0; i < size; ++i) image[i] = middle + f * (image[i] - middle);
}

template <class T>
void normalize_channels(const ImageSize& s, const double* mean_and_deviation, std::size_t pairs, T* image) {
  for (std::size_t channel = 0; channel < s.channels; ++channel) {
    const double* const pair = mean_and_deviation + 2 * (pairs == 1 ? 0 : channel);
    const T mean = static_cast<T>(pair[0]), deviation = static_cast<T>(pair[1]);
    T* const plane = image + channel * s.pixels();
    for (std::size_t i = 0; i < s.pixels(); ++i) plane[i] = (plane[i] - mean) / deviation;
  }
}

double draw_beta(double alpha, Stream& stream) {
  while (true) {
    const double u = 1 - stream.uniform<double>(), v = 1 - stream.uniform<double>();
    const double a = std::log(u) / alpha, b = std::log(v) / alpha;  // logarithms: small alphas underflow
    const double most = std::max(a, b);
    const double sum = most + std::log(std::exp(a - most) + std::exp(b - most));
    if (sum <= 0) return std::exp(a - sum);
  }
}

#define TENON_AUGMENT(T)                                                                                               \
  template void move_image(const ImageSize&, const Motion&, const T*, T*);                                             \
  template void distort_image(const ImageSize&, double, double, Stream&, const T*, T*, T*);                            \
  template void cut_image(const ImageSize&, const T*, std::size_t, std::size_t, const ImageSize&, T*);                 \
  template void add_noise(std::size_t, double, Stream&, T*);                                                           \
  template void blank_square(const ImageSize&, std::size_t, std::size_t, std::size_t, T*);                             \
  template void stretch_values(std::size_t, double, bool, T*);                                                         \
  template void normalize_channels(const ImageSize&, const double*, std::size_t, T*);
TENON_AUGMENT(float)
TENON_AUGMENT(double)
#undef TENON_AUGMENT

}  // namespace tenon::augment
