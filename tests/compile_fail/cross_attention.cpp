// Somebody has to look at the memory: steps follow it.
// expect: takes<tenon::sequences_with_steps_behind_a_memory_of<12> >, tenon::but_gets<tenon::Shape<12, 32> >
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<12, 32>, Residual<CrossAttention<4, 12>>, Flatten, Dense<3>, Softmax>;
#else
using Net = Sequential<Input<13, 32>, Residual<CrossAttention<4, 12>>, Flatten, Dense<3>, Softmax>;
#endif

History train(const Dataset<float>& data) {
  Model<Net> model{1};
  return fit(model, data, Fit{});
}
