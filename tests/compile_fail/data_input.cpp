// A data set whose samples the network does not take; one error, whatever follows.
// expect: data_mismatch<tenon::network_input
// expect: takes<tenon::Shape<784>>, tenon::but_gets<tenon::Shape<1, 8, 8>>
// expect: from_data_set<tenon::Shape<1, 8, 8>, tenon::Classes<10>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 32>, ReLU, Dense<10>, Softmax>;
#else
using Net = Sequential<Dense<64, 32>, ReLU, Dense<10>, Softmax>;
#endif

void train(Model<Net>& model) {
  const auto [part, rest] = digits().stratified_split(0.8, 1);
  fit(model, part, Fit{.loss = CrossEntropy{}, .optimizer = Adam{}, .validation = rest});
  evaluate(model, rest, CrossEntropy{});
}
