// The header of sessions is missing: tenon.hpp has only what generates. The error says which one it is.
// expect: a Session needs #include <tenon/model/session.hpp>, with session::generating <tenon/model/generate.hpp>
#include <tenon/model/generate.hpp>

#include <tenon/layers/dense.hpp>

#ifndef TENON_WRONG
#include <tenon/model/session.hpp>
#endif

using namespace tenon;

using Net = Sequential<Dense<4, 2>>;

void run(const Model<Net>& model) {
  Session net{model};
  const float sample[4]{};
  float output[2]{};
  net(sample, output);
  Session other{model, session::single};
  other(sample, output);
}
