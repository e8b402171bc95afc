#pragma once

// What every lesson needs: the folder for its picture, and small data sets.

#include <tenon/tenon.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace lesson {

/// The folder that `--out` names, made if it is missing; the current one without it.
inline std::string folder(int argc, char** argv, const char* about) {
  std::string out = ".";
  CLI::App app{about};
  app.add_option("--out", out, "folder for the picture")->capture_default_str();
  try {
    app.parse(argc, argv);
    std::filesystem::create_directories(out);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return out + "/";
}

/// Points of the plane, uniform in [low, high] x [low, high], and the class of each.
inline tenon::Dataset<float> points(std::size_t count, float low, float high,
                                    const std::function<int(float, float)>& class_of, std::uint64_t seed = 1) {
  tenon::Stream random(seed);
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < count; ++i) {
    const float a = random.uniform(low, high), b = random.uniform(low, high);
    features.insert(features.end(), {a, b});
    labels.push_back(class_of(a, b));
  }
  return {{2}, features, tenon::Labels{labels, 2}};
}

/// The points of both classes, over the regions that the model assigns to them.
template <class M>
tenon::Plot regions(const char* title, const M& model, const tenon::Dataset<float>& data, double low, double high) {
  tenon::Plot plot{.title = title, .x_label = "x1", .y_label = "x2", .width = 460, .height = 440};
  plot.area(
      low, high, low, high,
      [&](double a, double b) {
        xt::xtensor<float, 1> at{static_cast<float>(a), static_cast<float>(b)};
        return model(at)(0) > 0.5F ? 1.0 : 0.0;
      },
      true);
  for (int c = 0; c < 2; ++c) {
    std::vector<double> x, y;
    for (std::size_t i = 0; i < data.size(); ++i)
      if (data.label(i) == c) x.push_back(data.sample(i)[0]), y.push_back(data.sample(i)[1]);
    plot.points("class " + std::to_string(c), x, y);
  }
  return plot;
}

constexpr auto quiet = tenon::Progress::Mode::quiet;

}  // namespace lesson
