// A Trainer without an optimizer, or without the size of its batches.
// expect: argument<tenon::fixed_string<8>{"Trainer"}, tenon::fixed_string<11>{"batch_size"}
// expect: takes<tenon::a_number_of_samples>, tenon::but_gets<>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>, Softmax>;

#ifdef TENON_WRONG
void run(Model<Net>& model) { Trainer trainer{model, CrossEntropy{}, SGD{}}; }
#else
void run(Model<Net>& model) { Trainer trainer{model, CrossEntropy{}, SGD{}, 32}; }
#endif
