// A session of pieces refers to its model, which has to be there as long.
// expect: deleted
// expect: Stateful
#include <tenon/model/session.hpp>

#include <tenon/layers/lstm.hpp>

using namespace tenon;

using Net = Sequential<Input<1, 4>, LSTM<3, stateful>>;

void run() {
#ifdef TENON_WRONG
  Session net{Model<Net>{1}, session::stateful};
#else
  const Model<Net> model{1};
  Session net{model, session::stateful};
#endif
  net.reset();
}
