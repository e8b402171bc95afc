// A part is asked of a model, which has the numbers.
// expect: argument<tenon::fixed_string<5>{"part"}, tenon::fixed_string<6>{"model"}
// expect: takes<tenon::a_model>, tenon::but_gets<tenon::Sequential<
#include <tenon/tenon.hpp>

#include <tenon/model/part.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Named<"head", Dense<2>>>;

#ifdef TENON_WRONG
void run(Net& net) { part<"head">(net); }
#else
void run(Model<Net>& model) { part<"head">(model); }
#endif
