// Binary cross-entropy is for outputs that say yes or no one by one.
// expect: loss_mismatch<tenon::BinaryCrossEntropy<
// expect: takes<tenon::output_of<tenon::Sigmoid>, tenon::or_say<tenon::from_logits, tenon::from_probabilities>>
// expect: but_gets<tenon::Shape<10>>, tenon::from_layer<tenon::path<1>, tenon::Softmax>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 10>, Softmax>;
#else
using Net = Sequential<Dense<64, 10>, Sigmoid>;
#endif

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = BinaryCrossEntropy{}, .optimizer = Adam{}});
  evaluate(model, data, BinaryCrossEntropy{});
}
