// The same on a host: a step that is taken all the same is no further error.
// expect: cannot_run<tenon::layer<tenon::path<0>, tenon::GRU<8
// expect: tenon::step_by_step, tenon::takes<tenon::a_causal_layer>
#include <tenon/model/session.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<50, 3>, GRU<8, bidirectional>, Dense<2>>;
#else
using Net = Sequential<Input<50, 3>, GRU<8>, Dense<2>>;
#endif

void run(const Model<Net>& model) {
  Session steps{model, session::stepped};
  const float sample[3]{};
  float output[2]{};
  steps.step(sample, output);
}
