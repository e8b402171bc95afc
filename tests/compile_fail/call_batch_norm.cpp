// Statistics are taken of a model, on data.
// expect: argument<tenon::fixed_string<18>{"update_batch_norm"}, tenon::fixed_string<5>{"data"}
// expect: takes<tenon::a_data_set>, tenon::but_gets<int>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<3>, BatchNorm1D<>, Dense<2>, Softmax>;

#ifdef TENON_WRONG
void run(Model<Net>& model, const Dataset<float>&) { update_batch_norm(model, 32); }
#else
void run(Model<Net>& model, const Dataset<float>& data) { update_batch_norm(model, data, 32); }
#endif
