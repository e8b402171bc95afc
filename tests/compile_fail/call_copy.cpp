// Parameters are copied from the first model to the second.
// expect: argument<tenon::fixed_string<16>{"copy_parameters"}, tenon::fixed_string<3>{"to"}
// expect: takes<tenon::a_model_that_is_not_const>, tenon::but_gets<const tenon::Model<
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>>;

#ifdef TENON_WRONG
void run(Model<Net>& model, const Model<Net>& pretrained) { copy_parameters(model, pretrained); }
#else
void run(Model<Net>& model, const Model<Net>& pretrained) { copy_parameters(pretrained, model); }
#endif
