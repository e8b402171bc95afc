// A loss of classes on an output that is neither a vector of their scores nor a sequence of such.
// expect: loss_mismatch<tenon::CrossEntropy<tenon::from_logits>
// expect: takes<tenon::vector_of_class_scores>, tenon::but_gets<tenon::Shape<2, 4, 5>>
// expect: from_layer<tenon::path<1>, tenon::Reshape<2, 4, 5>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 40>, Reshape<2, 4, 5>>;
#else
using Net = Sequential<Dense<64, 40>, Reshape<40>>;
#endif

void train(Model<Net>& model, const Dataset<float>& data) {
  Trainer trainer{model, CrossEntropy<from_logits>{}, Adam{}, 32};
  trainer.step();
  evaluate(model, data, CrossEntropy<from_logits>{});
}
