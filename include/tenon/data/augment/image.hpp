#pragma once

#include <array>
#include <cstddef>

#include <tenon/random.hpp>
#include <tenon/shape.hpp>

/// What augmentations do to one image, on plain memory.
namespace tenon::augment {

/// The size of an image whose channels lie one after the other, row by row.
struct ImageSize {
  size_t channels = 1, height = 1, width = 1;
  constexpr size_t pixels() const { return height * width; }
  constexpr size_t size() const { return channels * pixels(); }
};

/// Where a pixel of the result comes from: source = matrix * (place - middle) + offset + middle, places as
/// (row, column).
struct Motion {
  std::array<double, 4> matrix{1, 0, 0, 1};  // row by row
  std::array<double, 2> offset{0, 0};

  /// First this motion, then another one.
  constexpr void then(const Motion& next) {
    const std::array<double, 4>&a = matrix, &b = next.matrix;
    const std::array<double, 2>& o = next.offset;
    offset = {offset[0] + a[0] * o[0] + a[1] * o[1], offset[1] + a[2] * o[0] + a[3] * o[1]};
    matrix = {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
              a[2] * b[1] + a[3] * b[3]};
  }
};

/// Motions about the middle of the image.
Motion rotation(double degrees);  // counterclockwise
constexpr Motion translation(double down, double right) { return {{1, 0, 0, 1}, {-down, -right}}; }
constexpr Motion enlargement(double factor) { return {{1 / factor, 0, 0, 1 / factor}, {0, 0}}; }
Motion shearing(double degrees);  // rows slide against each other
constexpr Motion flip(bool upside_down) { return {{upside_down ? -1. : 1., 0, 0, upside_down ? 1. : -1.}, {0, 0}}; }

/// The image moved; between pixels linear, zeros beyond the border. `to` is another image.
template <class T>
void move_image(const ImageSize&, const Motion&, const T* from, T* to);

/// Every pixel displaced on its own by a smooth random field (Simard et al. 2003): uniform numbers in
/// [-1, 1) for each direction, smoothed by a Gaussian of deviation `sigma` pixels, times `alpha` pixels.
template <class T>
void distort_image(const ImageSize&, double alpha, double sigma, Stream&, const T* from, T* to, T* scratch);
/// Scratch of distort_image, in numbers.
constexpr size_t distortion_radius(double sigma) { return static_cast<size_t>(3 * sigma) + 1; }
constexpr size_t distortion_scratch(const ImageSize& s, double sigma) {
  return 3 * s.pixels() + 2 * distortion_radius(sigma) + 1;
}

/// The part of an image that begins at (top, left).
template <class T>
void cut_image(const ImageSize& from_size, const T* from, size_t top, size_t left, const ImageSize& to_size, T* to);

/// Adds normal noise of that standard deviation to each number.
template <class T>
void add_noise(size_t size, double deviation, Stream&, T* image);
/// Zeros in a square of `side` pixels around (row, column), as far as it lies in the image.
template <class T>
void blank_square(const ImageSize&, size_t side, size_t row, size_t column, T* image);
/// image = middle + factor * (image - middle), middle being 0 or the mean of all numbers.
template <class T>
void stretch_values(size_t size, double factor, bool about_mean, T* image);
/// (image - mean) / deviation, channel by channel; `pairs` pairs in turn, one for all or one each.
template <class T>
void normalize_channels(const ImageSize&, const double* mean_and_deviation, size_t pairs, T* image);

/// Beta(alpha, alpha), by Johnk's method: u^(1/alpha) / (u^(1/alpha) + v^(1/alpha)) where the sum is <= 1.
double draw_beta(double alpha, Stream&);

}  // namespace tenon::augment
