// The gradients are the trainer's.
// expect: argument<tenon::fixed_string<15>{"clip_grad_norm"}, tenon::fixed_string<10>{"gradients"}>, tenon::takes<tenon::a_span_of_gradients>, tenon::but_gets<tenon::Model<tenon::Sequential<tenon::Dense<11, 6
// expect: write<tenon::fixed_string<33>{"trainer.clip_grad_norm(max_norm)"}>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<11, 6>>;

#ifdef TENON_WRONG
double clip(Model<Net>& model, Trainer<Model<Net>, MeanSquaredError, SGD>&) { return clip_grad_norm(model, 1.0); }
#else
double clip(Model<Net>&, Trainer<Model<Net>, MeanSquaredError, SGD>& trainer) { return trainer.clip_grad_norm(1.0); }
#endif
