// A tied output uses the weight of the embedding that the Sequential begins with.
// expect: invalid_layer<tenon::layer<tenon::path<2>, tenon::Tied<tenon::Embedding<65, 64> > >, tenon::takes<tenon::the_embedding_that_this_sequential_begins_with> >
#include <tenon/tenon.hpp>

using namespace tenon;

using Words = Embedding<65, 32>;
#ifdef TENON_WRONG
using Net = Sequential<Input<16>, Words, LSTM<64>, Tied<Embedding<65, 64>>, Softmax>;
#else
using Net = Sequential<Input<16>, Words, LSTM<32>, Tied<Words>, Softmax>;
#endif

History train(const Dataset<float>& data) {
  Model<Net> model{1};
  return fit(model, data, Fit{});
}
