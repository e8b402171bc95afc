#include <tenon/metrics/drawn.hpp>

#include <string>

#include <tenon/error.hpp>

namespace tenon {

namespace {

std::vector<float> draw(const DrawnRows& rows, const char* metric, const char* member) {
  if (!rows) throw Error(std::string(metric) + ": expected a function that draws in ." + member + ", got none");
  return rows();
}

}  // namespace

double Frechet::value() const {
  return frechet_distance(Moments::of(draw(features, name, "features"), real.width()), real);
}
double InceptionScore::value() const { return inception_score(draw(probabilities, name, "probabilities"), classes); }
double SamplePrecision::value() const {
  return sample_quality(real, draw(features, name, "features"), width, k).precision;
}
double SampleRecall::value() const { return sample_quality(real, draw(features, name, "features"), width, k).recall; }

}  // namespace tenon
