// How ranges are taken from what was seen is a Calibration, not a number.
// expect: "quantize"}
// expect: "how"}
// expect: takes<tenon::Calibration>, tenon::but_gets<double>
// expect: Calibration{.percentile = 99.9}
#include <tenon/model/quantize.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>>;

void run(const Model<Net>& model, DataLoader<float>& loader) {
#ifdef TENON_WRONG
  const auto numbers = quantize(model, loader, 99.9);
#else
  const auto numbers = quantize(model, loader, {.method = CalibrationMethod::percentile, .percentile = 99.9});
#endif
}
