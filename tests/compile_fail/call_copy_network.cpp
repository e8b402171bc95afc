// Numbers are those of models, and a network has none.
// expect: argument<tenon::fixed_string<16>{"copy_parameters"}, tenon::fixed_string<5>{"from"}
// expect: takes<tenon::a_model>
// expect: Model<Net> model{seed};
#include <tenon/model/copy_parameters.hpp>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>, Softmax>;

#ifdef TENON_WRONG
void run(const Net& from, Model<Net>& to) { copy_parameters(from, to); }
#else
void run(const Model<Net>& from, Model<Net>& to) { copy_parameters(from, to); }
#endif
