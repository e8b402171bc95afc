// Who writes does not see what is still to come.
// expect: cannot_run<tenon::layer<tenon::path<1>, tenon::MultiheadAttention<4> >, tenon::step_by_step, tenon::takes<tenon::a_causal_layer>
#include <tenon/tenon.hpp>

#include <vector>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<16>, Embedding<65, 32>, MultiheadAttention<4>, Dense<65>, Softmax>;
#else
using Net = Sequential<Input<16>, Embedding<65, 32>, MultiheadAttention<4, causal>, Dense<65>, Softmax>;
#endif

std::vector<std::int32_t> write(const Model<Net>& model, const std::vector<std::int32_t>& prompt) {
  Session generator{model, session::generating};
  return generator(prompt, 100, Sampler{}, 1);
}
