// Steps come one after the other: nothing looks at those to come.
// expect: cannot_run<tenon::layer<tenon::path<0>, tenon::GRU<8
// expect: tenon::step_by_step, tenon::takes<tenon::a_causal_layer>
#include <tenon/edge/frozen_step.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<50, 3>, GRU<8, bidirectional>, Dense<2>>;
#else
using Net = Sequential<Input<50, 3>, GRU<8>, Dense<2>>;
#endif

static_assert(Frozen<Net>::Stepped::ram_bytes <= 4096);

void run(const Weights<Net>& weights) {
  Frozen<Net>::Stepped steps{weights};
  const float sample[3]{};
  float output[2]{};
  steps.step(sample, output);
}
