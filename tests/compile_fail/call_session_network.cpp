// A session copies the numbers of a model; a network has none.
// expect: "Session"}
// expect: takes<tenon::a_model>, tenon::but_gets<tenon::Sequential<tenon::Dense<9, 4>>>
// expect: Model<Net> model{seed};
#include <tenon/model/session.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Net = Sequential<Dense<9, 4>>;

#ifdef TENON_WRONG
Net model;
#else
const Model<Net> model{3};
#endif

void run(const float (&sample)[9], float (&output)[4]) {
  Session net{model};
  net(sample, output);
  Session stepped{model, session::single};
  stepped(sample, output);
}
