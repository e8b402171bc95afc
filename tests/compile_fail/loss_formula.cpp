// A loss through which no gradient reaches the prediction.
// expect: invalid_loss<Misses, tenon::takes<tenon::a_formula_with_a_derivative_by_prediction>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Dense<64, 2>;

#ifdef TENON_WRONG
struct Misses : FormulaLoss<select(prediction* target > 0, 0, 1)> {};
#else
struct Misses : FormulaLoss<max(1 - prediction * target, 0)> {};
#endif

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = Misses{}, .optimizer = Adam{}});
  evaluate(model, data, Misses{});
}
