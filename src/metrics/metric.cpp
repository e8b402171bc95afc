#include <tenon/metrics/metric.hpp>

#include <string>

#include <tenon/error.hpp>

namespace tenon::detail {

void expect_labels(const char* metric, std::size_t samples, std::size_t width, std::span<const std::int32_t> labels) {
  if (labels.size() != samples)
    throw Error(std::string(metric) + ": expected a label for each of " + std::to_string(samples) + " samples, got " +
                std::to_string(labels.size()));
  const std::size_t classes = width == 1 ? 2 : width;
  for (std::size_t i = 0; i < samples; ++i)
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes)
      throw Error(std::string(metric) + ": expected labels from 0 to " + std::to_string(classes - 1) + ", got " +
                  std::to_string(labels[i]) + " of sample " + std::to_string(i));
}

void expect_targets(const char* metric, bool there) {
  if (!there) throw Error(std::string(metric) + ": expected values as targets, got none");
}

void expect_same_width(const char* metric, std::size_t before, std::size_t width) {
  if (before != width)
    throw Error(std::string(metric) + ": expected outputs of " + std::to_string(before) + " numbers as before, got " +
                std::to_string(width));
}

}  // namespace tenon::detail
