// A network has no numbers: a model has.
// expect: "model"}>, tenon::takes<tenon::a_model>, tenon::but_gets<tenon::Sequential<tenon::Dense<9, 4>, tenon::Softmax>>
// expect: Model<Net> model{seed};
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>, Softmax>;

#ifdef TENON_WRONG
void run(const Dataset<float>& data) {
  Net net;
  fit(net, data, Fit{});
}
#else
void run(const Dataset<float>& data) {
  Model<Net> net{3};
  fit(net, data);
}
#endif
