// A single callback is put into a list, so that one that is asked afterwards is the one that was called.
// expect: wrong_argument<tenon::argument<
// expect: ".callbacks"}>, tenon::takes<tenon::a_list_of_callbacks>, tenon::but_gets<tenon::EarlyStopping>
// expect: ".callbacks = callbacks(...)"
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<5, 3>, Softmax>;

#ifdef TENON_WRONG
void run(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.epochs = 3, .callbacks = EarlyStopping{.patience = 2}});
}
#else
void run(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.epochs = 3, .callbacks = callbacks(EarlyStopping{.patience = 2})});
}
#endif
