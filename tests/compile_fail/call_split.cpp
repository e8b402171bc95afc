// A pair of data sets is not one.
// expect: "data"}>, tenon::takes<tenon::a_data_set>, tenon::but_gets<tenon::TypedSplit<
// expect: auto [train, test] = ...
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<64, 10>, Softmax>;

#ifdef TENON_WRONG
void run(Model<Net>& model) { fit(model, digits().flat().split(0.7, 1), Fit{.epochs = 2}); }
#else
void run(Model<Net>& model) {
  const auto [train, test] = digits().flat().split(0.7, 1);
  fit(model, train, Fit{.epochs = 2, .validation = test});
}
#endif
