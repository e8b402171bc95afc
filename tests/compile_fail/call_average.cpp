// An average of weights begins with the model's.
// expect: argument<tenon::fixed_string<8>{"average"}, tenon::fixed_string<6>{"model"}
// expect: takes<tenon::a_model>, tenon::but_gets<double>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>>;

#ifdef TENON_WRONG
void run(const Model<Net>&) { EMA average{0.9}; }
#else
void run(const Model<Net>& model) { EMA average{model, 0.9}; }
#endif
