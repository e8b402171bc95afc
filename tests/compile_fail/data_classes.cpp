// A data set with another number of classes than the network tells apart.
// expect: data_mismatch<tenon::network_output
// expect: takes<tenon::Classes<12>>, tenon::but_gets<tenon::Classes<10>>
// expect: from_data_set<tenon::Shape<1, 28, 28>, tenon::Classes<10>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 12>, Softmax>;
#else
using Net = Sequential<Dense<784, 10>, Softmax>;
#endif

void train(Model<Net>& model) {
  const auto [data, rest] = mnist();
  fit(model, data, Fit{.loss = CrossEntropy{}, .optimizer = Adam{}, .validation = rest});
  evaluate(model, rest, CrossEntropy{});
}
