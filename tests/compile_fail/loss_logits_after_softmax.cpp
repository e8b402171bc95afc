// Probabilities taken for logits would be normalised twice.
// expect: loss_mismatch<tenon::CrossEntropy<tenon::from_logits>
// expect: takes<tenon::raw_scores>, tenon::but_gets<tenon::Shape<10>>, tenon::from_layer<tenon::path<1>, tenon::Softmax>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 10>, Softmax>;
#else
using Net = Sequential<Dense<64, 10>, ReLU>;
#endif

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = CrossEntropy<from_logits>{}, .optimizer = Adam{}});
  evaluate(model, data, CrossEntropy<from_logits>{});
}
