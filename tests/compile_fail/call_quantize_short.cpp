// Without samples nobody knows which ranges numbers have.
// expect: "quantize"}
// expect: takes<tenon::a_loader_that_is_a_variable>, tenon::but_gets<>
// expect: DataLoader loader{data, 64, seed};
#include <tenon/model/quantize.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>>;

void run(const Model<Net>& model, DataLoader<float>& loader) {
#ifdef TENON_WRONG
  const auto numbers = quantize(model);
  (void)loader;
#else
  const auto numbers = quantize(model, loader);
#endif
}
