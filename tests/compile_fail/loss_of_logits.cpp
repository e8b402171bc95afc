// A focal loss takes logits: where the last layer does not say so, that is the only argument it may be given.
// expect: loss_mismatch<tenon::FocalLoss<
// expect: takes<tenon::output_of<tenon::Sigmoid>, tenon::or_say<tenon::from_logits>>
// expect: but_gets<tenon::Shape<10>>, tenon::from_layer<tenon::path<1>, tenon::ReLU>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 10>, ReLU>;
#else
using Net = Sequential<Dense<64, 10>, Sigmoid>;
#endif

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = FocalLoss{}, .optimizer = Adam{}});
}
