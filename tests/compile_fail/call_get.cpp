// How many axes a parameter has follows from its name.
// expect: "get"}
// expect: takes<tenon::a_name_known_when_compiling>
// expect: model.get<
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
void run(Model<Net>& model) { auto bias = model.get("0.bias"); }
#else
void run(Model<Net>& model) { auto bias = model.get<"0.bias">(); }
#endif
