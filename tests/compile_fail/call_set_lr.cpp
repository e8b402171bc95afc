// A rate is a number; a schedule gives one.
// expect: argument<tenon::fixed_string<7>{"set_lr"}, tenon::fixed_string<5>{"rate"}>, tenon::takes<tenon::a_learning_rate>, tenon::but_gets<tenon::ExponentialLR>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<11, 7>>;
using Run = Trainer<Model<Net>, MeanSquaredError, SGD>;

#ifdef TENON_WRONG
void decay(Run& trainer, const ExponentialLR& schedule) { trainer.set_lr(schedule); }
#else
void decay(Run& trainer, const ExponentialLR& schedule) { trainer.set_lr(schedule(1e-2, 3)); }
#endif
