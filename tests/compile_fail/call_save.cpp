// A model is saved somewhere.
// expect: argument<tenon::fixed_string<5>{"save"}, tenon::fixed_string<5>{"path"}>, tenon::takes<std::
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<11, 5>>;

#ifdef TENON_WRONG
void keep(const Model<Net>& model) { model.save(); }
#else
void keep(const Model<Net>& model) { model.save("net.safetensors"); }
#endif
