// One error also where a network that nobody feeds is trained, saved and asked for a parameter.
// expect: needs_input<tenon::layer<tenon::path<0>, tenon::Dense<128>>, tenon::say_Input_first>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/model/model.hpp>
#include <tenon/train/fit.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<128>, ReLU, Dense<10>, Softmax>;
#else
using Net = Sequential<Input<784>, Dense<128>, ReLU, Dense<10>, Softmax>;
#endif

void train(const Dataset<float>& digits) {
  Model<Net> model{1};
  fit(model, digits, Fit{.loss = CrossEntropy{}, .epochs = 5});
  model.get<"2.weight">();
  model.save("digits.safetensors");
}
