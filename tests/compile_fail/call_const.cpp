// A const model predicts, but does not learn.
// expect: takes<tenon::a_model_that_is_not_const>, tenon::but_gets<const tenon::Model<tenon::Sequential<tenon::Dense<9, 4>, tenon::Softmax>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>, Softmax>;

#ifdef TENON_WRONG
void run(const Model<Net>& model, const Dataset<float>& data) { fit(model, data, Fit{.epochs = 2}); }
#else
void run(const Model<Net>& model, const Dataset<float>& data) { evaluate(model, data); }
#endif
