// A penalty is more than its weight.
// expect: argument<tenon::fixed_string<11>{"regularize"}, tenon::fixed_string<12>{"regularizer"}>, tenon::takes<tenon::a_regularizer_with_selection_and_l1_and_l2>, tenon::but_gets<double>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<11, 8>>;
using Run = Trainer<Model<Net>, MeanSquaredError, SGD>;

#ifdef TENON_WRONG
double shrink(Run& trainer) { return trainer.regularize(1e-4); }
#else
double shrink(Run& trainer) { return trainer.regularize(L2{1e-4}); }
#endif
