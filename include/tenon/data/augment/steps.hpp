#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <tenon/data/augment/image.hpp>
#include <tenon/net/mistakes.hpp>

/// The steps of an augmentation, types that `Augment` composes. A step does one of these:
///
///     static Motion draw_motion(Stream&);                                // moves the image as a whole
///     static void change(const ImageSize&, T* image, Stream&);           // changes it in place
///     static void prepare(const ImageSize&, T* image);                   // the same in evaluation, too
///     static void distort(const ImageSize&, const T*, T*, T* scratch, Stream&);
///     static void cut(const ImageSize&, const T*, T*, Stream&);          // gives another shape
///
/// Motions side by side become one: the image is interpolated once. Only `prepare` and `cut` (which then
/// takes the middle) also act in evaluation. Steps take images, those with `any_shape` also vectors and
/// sequences. What is wrong with a step's arguments may be said by `invalid`, with shapes by `problem`, as layers do.
namespace tenon {

/// What the arguments of steps should have been.
struct a_whole_number_of_pixels_of_at_least_0;
struct a_whole_number_of_pixels_of_at_least_1;
struct a_probability_from_0_to_1;
struct an_angle_of_at_least_0_and_below_90;
struct a_range_of_factors_above_0;
struct a_number_of_at_least_0;
struct a_share_from_0_to_1;
struct numbers_above_0;
struct a_strength_of_at_least_0_and_a_deviation_above_0;
struct mean_and_deviation_for_all_channels_or_for_each;
/// What a crop takes.
template <size_t Height, size_t Width>
struct images_of_at_least;

namespace augment {

/// What is wrong with a step: nothing where it is valid, or what it takes instead.
template <bool Valid, class What>
using unless = std::conditional_t<Valid, void, takes<What>>;

/// Evenly between low and high; low, and no number is drawn, where there is nothing between them.
inline double between(double low, double high, Stream& stream) { return low < high ? stream.uniform(low, high) : low; }

}  // namespace augment

/// Moves the image by a whole number of pixels, up to Pixels in each direction; zeros come in.
///     y[c][i][j] = x[c][i - a][j - b],   a and b from -Pixels to Pixels
template <auto Pixels>
struct RandomTranslation {
  using invalid = augment::unless<(std::integral<decltype(Pixels)> && Pixels >= 0),
                                  a_whole_number_of_pixels_of_at_least_0>;
  static augment::Motion draw_motion(Stream& stream) {
    constexpr auto most = static_cast<std::int64_t>(Pixels);
    const auto draw = [&] { return static_cast<double>(static_cast<std::int64_t>(stream.below(2 * most + 1)) - most); };
    const double down = draw();
    return augment::translation(down, draw());
  }
};

/// Mirrors left and right with this probability.
///     y[c][i][j] = x[c][i][W - 1 - j]
template <auto Probability = 0.5>
struct RandomHorizontalFlip {
  using invalid = augment::unless<(Probability >= 0 && Probability <= 1), a_probability_from_0_to_1>;
  static augment::Motion draw_motion(Stream& stream) {
    return stream.uniform<float>() < static_cast<float>(Probability) ? augment::flip(false) : augment::Motion{};
  }
};

/// Turns the image upside down (mirrored) with this probability.
///     y[c][i][j] = x[c][H - 1 - i][j]
template <auto Probability = 0.5>
struct RandomVerticalFlip {
  using invalid = augment::unless<(Probability >= 0 && Probability <= 1), a_probability_from_0_to_1>;
  static augment::Motion draw_motion(Stream& stream) {
    return stream.uniform<float>() < static_cast<float>(Probability) ? augment::flip(true) : augment::Motion{};
  }
};

/// Turns the image about its middle by up to Degrees either way.
template <auto Degrees>
struct RandomRotation {
  using invalid = augment::unless<(Degrees >= 0), a_number_of_at_least_0>;
  static augment::Motion draw_motion(Stream& stream) {
    return augment::rotation(augment::between(-static_cast<double>(Degrees), static_cast<double>(Degrees), stream));
  }
};

/// Enlarges the image about its middle by a factor from Low to High.
template <auto Low, auto High>
struct RandomScale {
  using invalid = augment::unless<(Low > 0 && Low <= High), a_range_of_factors_above_0>;
  static augment::Motion draw_motion(Stream& stream) {
    return augment::enlargement(augment::between(static_cast<double>(Low), static_cast<double>(High), stream));
  }
};

/// Lets the rows slide against each other: columns lean by up to Degrees either way.
template <auto Degrees>
struct RandomShear {
  using invalid = augment::unless<(Degrees >= 0 && Degrees < 90), an_angle_of_at_least_0_and_below_90>;
  static augment::Motion draw_motion(Stream& stream) {
    return augment::shearing(augment::between(-static_cast<double>(Degrees), static_cast<double>(Degrees), stream));
  }
};

/// Displaces every pixel by a smooth random field, Alpha pixels strong before smoothing by a Gaussian of
/// Sigma pixels: `ElasticTransform<34, 4>` for MNIST (Simard et al. 2003).
template <auto Alpha, auto Sigma>
struct ElasticTransform {
  using invalid = augment::unless<(Alpha >= 0 && Sigma > 0), a_strength_of_at_least_0_and_a_deviation_above_0>;
  static constexpr size_t scratch(const augment::ImageSize& size) {
    return augment::distortion_scratch(size, static_cast<double>(Sigma));
  }
  template <class T>
  static void distort(const augment::ImageSize& size, const T* from, T* to, T* scratch, Stream& stream) {
    augment::distort_image(size, static_cast<double>(Alpha), static_cast<double>(Sigma), stream, from, to, scratch);
  }
};

/// Cuts out Height by Width pixels somewhere; in evaluation the middle.
///     y[c][i][j] = x[c][a + i][b + j]
template <size_t Height, size_t Width = Height>
struct RandomCrop {
  using invalid = augment::unless<(Height > 0 && Width > 0), numbers_above_0>;
  template <class In>
  using problem = augment::unless<(In::dims[1] >= Height && In::dims[2] >= Width), images_of_at_least<Height, Width>>;
  template <class In>
  using output = Shape<In::front, Height, Width>;

  template <class T>
  static void cut(const augment::ImageSize& size, const T* from, T* to, Stream& stream) {
    const auto draw = [&](size_t space) { return static_cast<size_t>(stream.below(space + 1)); };
    const size_t top = draw(size.height - Height);
    augment::cut_image(size, from, top, draw(size.width - Width), {size.channels, Height, Width}, to);
  }
  template <class T>
  static void cut_middle(const augment::ImageSize& size, const T* from, T* to) {
    augment::cut_image(size, from, (size.height - Height) / 2, (size.width - Width) / 2, {size.channels, Height, Width},
                       to);
  }
};

/// Adds normal noise of this deviation to every number.
///     y = x + n,   n ~ N(0, Deviation^2)
template <auto Deviation>
struct GaussianNoise {
  using invalid = augment::unless<(Deviation >= 0), a_number_of_at_least_0>;
  static constexpr bool any_shape = true;
  template <class T>
  static void change(const augment::ImageSize& size, T* image, Stream& stream) {
    augment::add_noise(size.size(), static_cast<double>(Deviation), stream, image);
  }
};

/// Zeros in a square of Side pixels about a random one, clipped by the border. DeVries and Taylor 2017.
template <auto Side>
struct Cutout {
  using invalid = augment::unless<(std::integral<decltype(Side)> && Side > 0), a_whole_number_of_pixels_of_at_least_1>;
  template <class T>
  static void change(const augment::ImageSize& size, T* image, Stream& stream) {
    const auto row = static_cast<size_t>(stream.below(size.height));
    augment::blank_square(size, static_cast<size_t>(Side), row, static_cast<size_t>(stream.below(size.width)), image);
  }
};

/// Multiplies by a factor from 1 - Share to 1 + Share.
///     y = f x,   f ~ U(1 - Share, 1 + Share)
template <auto Share>
struct Brightness {
  using invalid = augment::unless<(Share >= 0 && Share <= 1), a_share_from_0_to_1>;
  template <class T>
  static void change(const augment::ImageSize& size, T* image, Stream& stream) {
    augment::stretch_values(size.size(),
                            augment::between(1 - static_cast<double>(Share), 1 + static_cast<double>(Share), stream),
                            false, image);
  }
};

/// Multiplies the distance from the image's mean by a factor from 1 - Share to 1 + Share.
///     y = mean(x) + f (x - mean(x)),   f ~ U(1 - Share, 1 + Share)
template <auto Share>
struct Contrast {
  using invalid = augment::unless<(Share >= 0 && Share <= 1), a_share_from_0_to_1>;
  template <class T>
  static void change(const augment::ImageSize& size, T* image, Stream& stream) {
    augment::stretch_values(size.size(),
                            augment::between(1 - static_cast<double>(Share), 1 + static_cast<double>(Share), stream),
                            true, image);
  }
};

/// To mean 0 and deviation 1,
///     y = (x - mean) / deviation,
/// in evaluation too: `Normalize<0.1307, 0.3081>` for all channels, or a pair for
/// each channel one after the other.
template <auto... MeanAndDeviation>
struct Normalize {
  static constexpr std::array<double, sizeof...(MeanAndDeviation)> numbers{static_cast<double>(MeanAndDeviation)...};
  using invalid = augment::unless<[] {
    for (size_t i = 1; i < numbers.size(); i += 2)
      if (!(numbers[i] > 0)) return false;
    return numbers.size() >= 2 && numbers.size() % 2 == 0;
  }(),
                                  mean_and_deviation_for_all_channels_or_for_each>;
  template <class In>
  using problem = augment::unless<(numbers.size() == 2 || numbers.size() == 2 * In::front),
                                  mean_and_deviation_for_all_channels_or_for_each>;
  template <class T>
  static void prepare(const augment::ImageSize& size, T* image) {
    augment::normalize_channels(size, numbers.data(), numbers.size() / 2, image);
  }
};

/// A convex mixture of the sample and another one of the data set, their answers mixed alike: the share is
/// drawn from Beta(Alpha, Alpha),
///     y = s x + (1 - s) x',   s ~ Beta(Alpha, Alpha).
/// The other one goes through the same steps with draws of its own. Stands
/// last. Class labels become distributions, which the loss must take (CrossEntropy does). Zhang et al. 2018.
template <auto Alpha>
struct Mixup {
  using invalid = augment::unless<(Alpha > 0), numbers_above_0>;
  static constexpr bool any_shape = true;
  static constexpr double alpha = static_cast<double>(Alpha);
};

template <auto Pixels>
using Shift [[deprecated("called RandomTranslation")]] = RandomTranslation<Pixels>;
template <auto Probability = 0.5>
using HorizontalFlip [[deprecated("called RandomHorizontalFlip")]] = RandomHorizontalFlip<Probability>;
template <auto Probability = 0.5>
using VerticalFlip [[deprecated("called RandomVerticalFlip")]] = RandomVerticalFlip<Probability>;
template <auto Degrees>
using Rotate [[deprecated("called RandomRotation")]] = RandomRotation<Degrees>;
template <auto Low, auto High>
using Scale [[deprecated("called RandomScale")]] = RandomScale<Low, High>;
template <auto Degrees>
using Shear [[deprecated("called RandomShear")]] = RandomShear<Degrees>;
template <auto Alpha, auto Sigma>
using Elastic [[deprecated("called ElasticTransform")]] = ElasticTransform<Alpha, Sigma>;
template <size_t Height, size_t Width = Height>
using Crop [[deprecated("called RandomCrop")]] = RandomCrop<Height, Width>;

}  // namespace tenon
