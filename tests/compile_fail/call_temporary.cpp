// What is trained has to be there afterwards.
// expect: "model"}>, tenon::takes<tenon::a_model_that_is_there_afterwards>, tenon::but_gets<tenon::Model<tenon::Sequential<tenon::Dense<9, 4>, tenon::Softmax>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>, Softmax>;

#ifdef TENON_WRONG
void run(const Dataset<float>& data) { fit(Model<Net>{}, data, Fit{.epochs = 2}); }
#else
void run(const Dataset<float>& data) {
  Model<Net> model;
  fit(model, data, Fit{.epochs = 2});
}
#endif
