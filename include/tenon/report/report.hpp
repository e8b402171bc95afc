#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tenon/metrics/confusion_matrix.hpp>
#include <tenon/report/picture.hpp>
#include <tenon/train/history.hpp>

namespace tenon {

/// What a report of a training run shows. The callback Report (train/callbacks/report.hpp) fills it.
struct RunRecord {
  /// A parameter's numbers at the end, or a sample of them at even distances, and two figures of each epoch.
  struct Parameter {
    std::string name{};
    std::vector<double> values{}, gradients{};
    std::vector<double> value_rms{}, gradient_rms{};  // root of the mean square
  };
  /// A sample that the network took for another class with high probability.
  struct Mistake {
    std::vector<float> pixels{};  // of one channel, row by row; empty where samples are no images
    size_t height = 0, width = 0;
    size_t index = 0;  // in the data
    std::int32_t truth = 0, predicted = 0;
    double confidence = 0;
  };

  /// How near a network comes to the numbers it is trained on, and what it predicted for some of them.
  struct Regression {
    double r2 = 0, rmse = 0, mae = 0;
    std::vector<double> truth{}, predicted{};
  };

  /// What a network drew after an epoch.
  struct Drawing {
    size_t epoch = 0;  // from 1
    Picture picture{};
  };

  std::string title = "Training run";
  std::string summary{};
  std::string network{};  // its picture as SVG (report/network_graph.hpp)
  History history{};
  std::optional<ConfusionMatrix> confusion{};
  std::optional<Regression> regression{};
  std::string confusion_of{};  // of which data these are: "validation data"
  std::vector<Parameter> parameters{};
  std::vector<Mistake> mistakes{};
  std::vector<Drawing> drawings{};  // at most 24, at even distances of epochs, and the last
  size_t drawings_apart = 1;
};

/// One page of HTML with everything in it: style, diagrams as SVG, pictures as data; it needs no network.
std::string report_html(const RunRecord& run);
/// Writes that page atomically.
void write_report(const RunRecord& run, const std::string& path);

}  // namespace tenon
