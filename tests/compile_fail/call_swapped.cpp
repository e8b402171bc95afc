// Loss and optimizer in each other's place are one mistake.
// expect: ".loss"}>, tenon::takes<tenon::a_loss>, tenon::but_gets<tenon::SGD>
// expect: "Fit{.loss = ..., .optimizer = ...}"
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
History run(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.loss = SGD{}, .optimizer = MeanSquaredError{}});
}
#else
History run(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.loss = MeanSquaredError{}, .optimizer = SGD{}});
}
#endif
