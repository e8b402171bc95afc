// The five steps of training begin with a Trainer.
// expect: argument<tenon::fixed_string<8>{"Trainer"}, tenon::fixed_string<5>{"loss"}>, tenon::takes<tenon::a_loss>, tenon::but_gets<tenon::SGD>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
double run(Model<Net>& model, const Batch<float>& batch) {
  Trainer trainer{model, SGD{}, MeanSquaredError{}, 16};
  trainer.forward(batch);
  return trainer.loss();
}
#else
double run(Model<Net>& model, const Batch<float>& batch) {
  Trainer trainer{model, MeanSquaredError{}, SGD{}, 16};
  trainer.forward(batch);
  return trainer.loss();
}
#endif
