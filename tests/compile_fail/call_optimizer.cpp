// Optimizers are no names.
// expect: "Fit"}
// expect: ".optimizer"}>, tenon::takes<tenon::an_optimizer_with_lr_and_states_and_update>
// expect: const char*
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>, Softmax>;

#ifdef TENON_WRONG
History run(Model<Net>& model, const Dataset<float>& data) { return fit(model, data, Fit{.optimizer = "sgd"}); }
#else
History run(Model<Net>& model, const Dataset<float>& data) { return fit(model, data, Fit{.optimizer = SGD{}}); }
#endif
