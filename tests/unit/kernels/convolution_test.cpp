// The products of a convolution against plain loops, in every instruction set of this machine.
#include <catch2/catch.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <tenon/kernels/convolution.hpp>
#include <tenon/kernels/dispatch.hpp>
#include <tenon/random.hpp>

using namespace tenon;
using kernels::arranged;
using kernels::Convolution;
using kernels::ConvolutionAxis;

namespace {

/// Calls visit(weight's index, map's index, image's index) for every product of the sum.
template <class Visit>
void each_product(const Convolution& c, Visit visit) {
  for (std::size_t o = 0; o < c.features; ++o)
    for (std::size_t i = 0; i < c.group_channels(); ++i)
      for (std::size_t ky = 0; ky < c.y.kernel; ++ky)
        for (std::size_t kx = 0; kx < c.x.kernel; ++kx)
          for (std::size_t r = 0; r < c.y.map; ++r)
            for (std::size_t q = 0; q < c.x.map; ++q) {
              const std::size_t y = r * c.y.stride + ky * c.y.dilation, x = q * c.x.stride + kx * c.x.dilation;
              if (y < c.y.before || x < c.x.before || y - c.y.before >= c.y.image || x - c.x.before >= c.x.image)
                continue;
              const std::size_t channel = o / c.group_features() * c.group_channels() + i;
              visit(((o * c.group_channels() + i) * c.y.kernel + ky) * c.x.kernel + kx, (o * c.y.map + r) * c.x.map + q,
                    (channel * c.y.image + y - c.y.before) * c.x.image + x - c.x.before);
            }
}

template <class T>
struct Case {
  explicit Case(const Convolution& convolution, std::uint64_t seed) : c{convolution}, taps(c.taps()) {
    kernels::list_taps(c, taps.data());
    Stream stream{seed};
    for (auto* numbers : {&images, &maps, &weight, &bias}) {
      const std::size_t sizes[] = {samples * c.image_size(), samples * c.map_size(), c.weights(),
                                   c.features + c.channels};
      numbers->resize(sizes[numbers == &images ? 0 : numbers == &maps ? 1 : numbers == &weight ? 2 : 3]);
      for (T& number : *numbers) number = static_cast<T>(stream.uniform(-1.0, 1.0));
    }
  }

  void compare(const std::vector<T>& got, const std::vector<double>& expected, const char* what) const {
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double off_by = std::abs(static_cast<double>(got[i]) - expected[i]) / (1 + std::abs(expected[i]));
      worst = off_by <= worst ? worst : off_by;  // NaN counts
    }
    INFO(what);
    CHECK(worst < (sizeof(T) == 4 ? 3e-5 : 1e-12));
  }

  void check() const {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const std::size_t image_space = c.channels * c.channel_size(), map_space = c.features * c.feature_size();
    std::vector<T> laid_images(samples * image_space, nan), laid_maps(samples * map_space, nan);
    std::vector<T> scratch(std::max(kernels::convolution_map_scratch(c), kernels::convolution_image_scratch(c)), nan);
    std::vector<T> sums(c.features, T(1)), channel_sums(c.channels, T(1));
    std::vector<T> got_maps(maps.size(), nan), got_images(images.size(), nan), got_gradient(weight.size(), T(2));
    std::vector<T> in_parts = got_gradient;
    for (std::size_t s = 0; s < samples; ++s) {
      const T* image = images.data() + s * c.image_size();
      kernels::lay_out_image(c, c.channels, image, laid_images.data() + s * image_space);
      if (c.plain()) CHECK(std::equal(image, image + c.image_size(), laid_images.data() + s * image_space));
      kernels::lay_out_map<T>(c, maps.data() + s * c.map_size(), rectified(s), laid_maps.data() + s * map_space,
                              sums.data());
      kernels::add_channel_sums(c, image, channel_sums.data());
      kernels::map_of_image<T>(c, taps.data(), laid_images.data() + s * image_space, weight.data(), bias.data(), true,
                               got_maps.data() + s * c.map_size(), scratch.data());
      kernels::image_of_map<T>(c, taps.data(), laid_maps.data() + s * map_space, weight.data(),
                               bias.data() + c.features, got_images.data() + s * c.image_size(), scratch.data());
    }
    const auto add_gradient = [&](std::size_t part, std::vector<T>& to) {
      for (std::size_t first = 0; first < c.channels; first += part)
        kernels::convolution_weight_gradient<T>(c, taps.data(), {first, std::min(part, c.channels - first)}, samples,
                                                laid_images.data() + first * c.channel_size(), image_space,
                                                laid_maps.data(), map_space, true, to.data());
    };
    add_gradient(c.channels, got_gradient);
    add_gradient((c.channels + 2) / 3, in_parts);  // which need not end with a group
    CHECK(in_parts == got_gradient);               // to the last bit

    std::vector<double> map(maps.size()), image(images.size()), gradient(weight.size(), 2.0);
    std::vector<double> feature_sum(c.features, 1.0), channel_sum(c.channels, 1.0);
    const std::size_t map_plane = c.y.map * c.x.map, image_plane = c.y.image * c.x.image;
    for (std::size_t s = 0; s < samples; ++s) {
      const std::size_t m = s * c.map_size(), n = s * c.image_size();
      const auto passed = [&](std::size_t q) {
        return rectified(s) && !(rectified(s)[q] > T(0)) ? 0.0 : static_cast<double>(maps[m + q]);
      };
      for (std::size_t i = 0; i < c.map_size(); ++i) {
        map[m + i] = static_cast<double>(bias[i / map_plane]);
        feature_sum[i / map_plane] += passed(i);
      }
      for (std::size_t i = 0; i < c.image_size(); ++i) {
        image[n + i] = static_cast<double>(bias[c.features + i / image_plane]);
        channel_sum[i / image_plane] += static_cast<double>(images[n + i]);
      }
      each_product(c, [&](std::size_t w, std::size_t q, std::size_t p) {
        const double factor = static_cast<double>(weight[w]), pixel = static_cast<double>(images[n + p]);
        map[m + q] += factor * pixel;
        image[n + p] += factor * passed(q);
        gradient[w] += passed(q) * pixel;
      });
      for (std::size_t i = 0; i < c.map_size(); ++i) map[m + i] = map[m + i] < 0 ? 0 : map[m + i];
    }
    compare(got_maps, map, "map of image");
    compare(got_images, image, "image of map");
    compare(got_gradient, gradient, "gradient of the weight");
    compare(sums, feature_sum, "sums of the features");
    compare(channel_sums, channel_sum, "sums of the channels");
  }

  /// The first sample as it is, the others as a ReLU has let them pass.
  const T* rectified(std::size_t s) const { return s == 0 ? nullptr : maps.data() + (s - 1) * c.map_size(); }

  static constexpr std::size_t samples = 3;
  Convolution c;
  std::vector<kernels::Tap> taps;
  std::vector<T> images{}, maps{}, weight{}, bias{};
};

std::string describe(const Convolution& c) {
  std::string text = std::to_string(c.channels) + " channels, " + std::to_string(c.features) + " features, " +
                     std::to_string(c.groups) + " groups";
  for (const ConvolutionAxis& a : {c.y, c.x})
    text += "; image " + std::to_string(a.image) + " map " + std::to_string(a.map) + " kernel " +
            std::to_string(a.kernel) + " stride " + std::to_string(a.stride) + " dilation " +
            std::to_string(a.dilation) + " before " + std::to_string(a.before);
  return text;
}

/// Any axis that makes sense: at least one window, at least one number of the image in its reach.
ConvolutionAxis any_axis(Stream& stream) {
  const auto below = [&](std::size_t bound) {
    return static_cast<std::size_t>(stream.uniform(0.0, static_cast<double>(bound)));
  };
  ConvolutionAxis a;
  a.kernel = 1 + below(5);
  a.stride = 1 + below(3);
  a.dilation = 1 + below(3);
  const std::size_t extent = (a.kernel - 1) * a.dilation + 1;
  a.before = below(extent);
  a.image = extent + below(14);
  const std::size_t after = below(extent);
  a.map = (a.before + a.image + after - extent) / a.stride + 1;
  return a;
}

}  // namespace

TEMPLATE_TEST_CASE("convolutions of any shape", "", float, double) {
  const int best = kernels::limit_cpu_level(2);
  for (int level = 0; level <= best; ++level) {
    kernels::limit_cpu_level(level);
    Stream stream{static_cast<std::uint64_t>(level)};
    for (int attempt = 0; attempt < 60; ++attempt) {
      const auto below = [&](std::size_t bound) {
        return static_cast<std::size_t>(stream.uniform(0.0, static_cast<double>(bound)));
      };
      Convolution c;
      c.groups = attempt % 3 == 0 ? 1 + below(3) : 1;
      c.channels = c.groups * (1 + below(attempt % 2 == 0 ? 3 : 18));
      c.features = c.groups * (1 + below(attempt % 2 == 0 ? 18 : 3));
      c.x = any_axis(stream);
      if (attempt % 5 != 0) c.y = any_axis(stream);
      for (const bool columns : {false, true}) {
        c.columns = columns;
        INFO(describe(c) << (columns ? ", by columns" : "") << ", level " << level);
        Case<TestType>{c, static_cast<std::uint64_t>(attempt)}.check();
      }
    }
  }
  kernels::limit_cpu_level(2);
}

TEST_CASE("a convolution's image is used where it lies if nothing is around it") {
  const Convolution second{.channels = 6, .features = 16, .y = {14, 10, 5}, .x = {14, 10, 5}};
  CHECK(second.plain());
  CHECK(second.channel_size() == 196);
  CHECK(second.run() == 9 * 14 + 10);
  const Convolution first{.channels = 1, .features = 6, .y = {28, 28, 5, 1, 1, 2}, .x = {28, 28, 5, 1, 1, 2}};
  CHECK_FALSE(first.plain());
  CHECK(first.channel_size() == 32 * 32);
  // ten numbers a row in steps of fourteen: a copy for every column is cheaper
  CHECK(arranged(second).columns);
  CHECK(arranged(second).channel_size() == 5 * 14 * 10);
  CHECK(arranged(second).run() == 100);
  // a depthwise convolution has no use for copies
  const ConvolutionAxis wide{.image = 32, .map = 32, .kernel = 3, .before = 1};
  CHECK_FALSE(arranged({.channels = 16, .features = 16, .groups = 16, .y = wide, .x = wide}).columns);
  // every second number of five taps: three of one kind, two of the other
  const ConvolutionAxis strided{.image = 9, .map = 3, .kernel = 5, .stride = 2};
  CHECK(strided.phases() == 2);
  CHECK(strided.span() == 5);
  // a window of one number skips half of the image altogether
  CHECK(ConvolutionAxis{.image = 9, .map = 5, .kernel = 1, .stride = 2}.phases() == 1);
}
