// A model is not made from a file: it is loaded.
// expect: argument<tenon::fixed_string<6>{"Model"}, tenon::fixed_string<5>{"seed"}>, tenon::takes<tenon::a_whole_number>
// expect: model.load(path);
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
void run() { Model<Net> model("net.safetensors"); }
#else
void run() {
  Model<Net> model(7);
  model.load("net.safetensors");
}
#endif
