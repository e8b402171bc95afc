// A loss is a formula with a reduction, not a function of two numbers.
// expect: ".loss"}>, tenon::takes<tenon::a_loss>
// expect: FormulaLoss<
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
History run(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.loss = [](float p, float t) { return p > t ? p - t : t - p; }});
}
#else
History run(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.loss = FormulaLoss<abs(prediction - target)>{}});
}
#endif
