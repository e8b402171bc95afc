// An error of numbers, of data that have classes.
// expect: metric_mismatch<tenon::MAE, tenon::takes<tenon::data_with_target_numbers>, tenon::but_gets<tenon::Classes<10>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<64, 10>, Softmax>;

#ifdef TENON_WRONG
void run(const Model<Net>& model) {
  MAE error;
  measure(model, digits().flat(), error);
}
#else
void run(const Model<Net>& model) {
  ConfusionMatrix confusion;
  measure(model, digits().flat(), confusion);
}
#endif
