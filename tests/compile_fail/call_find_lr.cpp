// The search trains the model that it is given.
// expect: argument<tenon::fixed_string<8>{"find_lr"}, tenon::fixed_string<6>{"model"}
// expect: takes<tenon::a_model_that_is_not_const>
#include <tenon/tenon.hpp>
#include <tenon/train/find_lr.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>, Softmax>;

#ifdef TENON_WRONG
LrCurve run(const Model<Net>& model, const Dataset<float>& data) {
#else
LrCurve run(Model<Net>& model, const Dataset<float>& data) {
#endif
  return find_lr(model, data, Fit{.batch_size = 8}, {.low = 1e-5});
}
