// Options are the fields of one Fit.
// expect: argument<tenon::fixed_string<4>{"fit"}, tenon::fixed_string<4>{"how"}>, tenon::takes<tenon::one_Fit>, tenon::but_gets<
// expect: Fit{.loss = L{}, .epochs = 5}
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
History run(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, MeanSquaredError{}, SGD{}, 10, 32);
}
#else
History run(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.loss = MeanSquaredError{}, .optimizer = SGD{}, .epochs = 10, .batch_size = 32});
}
#endif
