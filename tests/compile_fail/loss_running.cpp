// A loss's formula has no statistics that run on from batch to batch: they are a layer's.
// expect: invalid_loss<Centred, tenon::takes<tenon::a_formula_without_running_statistics>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
struct Centred : FormulaLoss<square(prediction - running<"mean">(batch_mean(prediction)) - target)> {};
#else
struct Centred : FormulaLoss<square(prediction - batch_mean(prediction) - target)> {};
#endif

void train(Model<Dense<4, 2>>& model, const Dataset<float>& data) { fit(model, data, Fit{.loss = Centred{}}); }
