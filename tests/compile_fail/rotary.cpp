// Rotary positions rotate pairs of numbers: the depth of a head is even.
// expect: takes<tenon::a_width_of_heads_of_even_depth<4> >, tenon::but_gets<tenon::Shape<16, 20> >
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<16, 20>, MultiheadAttention<4, causal, rope<>>, Dense<65>, Softmax>;
#else
using Net = Sequential<Input<16, 24>, MultiheadAttention<4, causal, rope<>>, Dense<65>, Softmax>;
#endif

History train(const Dataset<float>& data) {
  Model<Net> model{1};
  return fit(model, data, Fit{});
}
