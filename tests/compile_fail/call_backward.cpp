// Backward takes a weight or a gradient.
// expect: argument<tenon::fixed_string<9>{"backward"}, tenon::fixed_string<9>{"gradient"}>, tenon::takes<tenon::a_weight_or_the_gradient_at_the_output>, tenon::but_gets<std::vector<double
#include <tenon/tenon.hpp>

#include <vector>

using namespace tenon;

using Net = Sequential<Dense<11, 9>>;
using Run = Trainer<Model<Net>, MeanSquaredError, SGD>;

#ifdef TENON_WRONG
void back(Run& trainer, const std::vector<double>& dy) { trainer.backward(dy); }
#else
void back(Run& trainer, const std::vector<double>& dy) { trainer.backward(std::vector<float>(dy.begin(), dy.end())); }
#endif
