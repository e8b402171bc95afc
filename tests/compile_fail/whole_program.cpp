// One error also where the wrong network is trained, saved and asked for its parameters.
// expect: layer<tenon::path<3>, tenon::Dense<64, 10>>
// expect: takes<tenon::Shape<64>>, tenon::but_gets<tenon::Shape<128>>
// expect: from_layer<tenon::path<2>, tenon::Dropout<5.0
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/model/model.hpp>
#include <tenon/train/fit.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<64, 10>, Softmax>;
#else
using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<128, 10>, Softmax>;
#endif

void train(const Dataset<float>& digits) {
  Model<Net> model{1};
  fit(model, digits, Fit{.loss = CrossEntropy{}, .epochs = 5});
  model.get<"3.weight">();
  model.save("digits.safetensors");
}
