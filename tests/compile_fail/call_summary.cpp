// A summary counts the bytes of a model.
// expect: "summary"}
// expect: takes<tenon::a_model>, tenon::but_gets<tenon::Sequential<tenon::Dense<7, 2>>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
void run() { summary(Net()); }
#else
void run() { summary(Model<Net>()); }
#endif
