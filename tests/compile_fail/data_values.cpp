// A loss of numbers on a data set of classes.
// expect: data_mismatch<tenon::network_output
// expect: takes<tenon::Values<10>>, tenon::but_gets<tenon::Classes<10>>
// expect: from_data_set<tenon::Shape<64>, tenon::Classes<10>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<64, 10>, Tanh>;

void train(Model<Net>& model, const Dataset<float>& data) {
#ifdef TENON_WRONG
  fit(model, typed<Shape<64>, Classes<10>>(data), Fit{.loss = MeanSquaredError{}, .optimizer = Adam{}});
#else
  fit(model, typed<Shape<64>, Values<10>>(data), Fit{.loss = MeanSquaredError{}, .optimizer = Adam{}});
#endif
}
