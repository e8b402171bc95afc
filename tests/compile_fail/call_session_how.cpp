// A session is run in one way.
// expect: "Session"}
// expect: takes<tenon::a_way_to_run>, tenon::but_gets<tenon::session::Single, tenon::session::Stepped>
// expect: Session{model, session::stepped}
#include <tenon/model/session.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Net = Sequential<Dense<4, 2>>;

void run(const Model<Net>& model) {
#ifdef TENON_WRONG
  Session net{model, session::single, session::stepped};
#else
  Session net{model, session::single};
#endif
  const float sample[4]{};
  float output[2]{};
  net(sample, output);
}
