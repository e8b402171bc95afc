// Cross-entropy on a network whose last layer gives no probabilities; one error, whatever follows.
// expect: loss_mismatch<tenon::CrossEntropy<
// expect: takes<tenon::output_of<tenon::Softmax, tenon::LogSoftmax>, tenon::or_say<tenon::from_logits, tenon::from_probabilities>>
// expect: but_gets<tenon::Shape<10>>, tenon::from_layer<tenon::path<2>, tenon::Dense<10>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 32>, ReLU, Dense<10>>;
#else
using Net = Sequential<Dense<64, 32>, ReLU, Dense<10>, Softmax>;
#endif

void train(Model<Net>& model, const Dataset<float>& data) {
  Trainer trainer{model, CrossEntropy{}, Adam{}, 32};
  trainer.step();
  fit(model, data, Fit{.loss = CrossEntropy{}, .optimizer = Adam{.lr = 1e-3}, .validation = data});
  fit(model, digits(), Fit{.loss = CrossEntropy{}, .optimizer = SGD{}});
  evaluate(model, data, CrossEntropy{});
  evaluate(model, digits(), CrossEntropy{});
  model.save("model.safetensors");
}
