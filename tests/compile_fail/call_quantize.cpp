// Ranges are measured on the batches of a loader, which is a variable.
// expect: "quantize"}
// expect: takes<tenon::a_loader_that_is_a_variable>, tenon::but_gets<tenon::Dataset<float>>
// expect: DataLoader loader{data, 64, seed};
#include <tenon/model/quantize.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>>;

void run(const Model<Net>& model, const Dataset<float>& data) {
#ifdef TENON_WRONG
  const auto numbers = quantize(model, data);
#else
  DataLoader loader{data, 8, 1};
  const auto numbers = quantize(model, loader);
#endif
}
