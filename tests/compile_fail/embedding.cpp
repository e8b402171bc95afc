// Tokens are numbers, one at each step.
// expect: shape_mismatch<tenon::layer<tenon::path<0>, tenon::Embedding<65, 32> >, tenon::takes<tenon::a_vector_of_token_ids>, tenon::but_gets<tenon::Shape<16, 65> >
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<16, 65>, Embedding<65, 32>, LSTM<32>, Dense<65>, Softmax>;
#else
using Net = Sequential<Input<16>, Embedding<65, 32>, LSTM<32>, Dense<65>, Softmax>;
#endif

History train(const Dataset<float>& data) {
  Model<Net> model{1};
  return fit(model, data, Fit{});
}
