// A Trainer takes the size of its batches, not what gives them.
// expect: argument<tenon::fixed_string<8>{"Trainer"}, tenon::fixed_string<11>{"batch_size"}>, tenon::takes<tenon::a_number_of_samples>, tenon::but_gets<tenon::DataLoader<float> >
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<11, 4>, Softmax>;

#ifdef TENON_WRONG
void run(Model<Net>& model, const DataLoader<float>& loader) { Trainer trainer{model, CrossEntropy{}, SGD{}, loader}; }
#else
void run(Model<Net>& model, const DataLoader<float>& loader) {
  Trainer trainer{model, CrossEntropy{}, SGD{}, loader.batch_size()};
}
#endif
