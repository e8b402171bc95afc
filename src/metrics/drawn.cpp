#include <tenon/metrics/drawn.hpp>

#include <string>

#include <tenon/error.hpp>

namespace tenon {

namespace {

/// What a metric has no default for.
void expect_given(bool given, const char* metric, const char* what) {
  if (!given) throw Error(std::string(metric) + ": expected " + what + ", got none");
}

/// Of the two that compare samples one by one.
template <class Metric>
SampleQuality quality_of(const Metric& metric) {
  expect_given(static_cast<bool>(metric.features), metric.name, "a function that draws in .features");
  expect_given(!metric.real.empty() && metric.width > 0, metric.name,
               "features of real samples in .real, and their .width");
  return sample_quality(metric.real, metric.features(), metric.width, metric.k);
}

}  // namespace

double Frechet::value() const {
  expect_given(static_cast<bool>(features), name, "a function that draws in .features");
  expect_given(real.width() > 0, name, "moments of real samples in .real");
  return frechet_distance(Moments::of(features(), real.width()), real);
}
double InceptionScore::value() const {
  expect_given(static_cast<bool>(probabilities), name, "a function that draws in .probabilities");
  expect_given(classes > 0, name, "the number of classes in .classes");
  return inception_score(probabilities(), classes);
}
double SamplePrecision::value() const { return quality_of(*this).precision; }
double SampleRecall::value() const { return quality_of(*this).recall; }

}  // namespace tenon
