// A metric is asked afterwards, so it has to be a variable.
// expect: "metrics"}>, tenon::takes<tenon::a_metric_that_is_a_variable>, tenon::but_gets<tenon::RMSE>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
void run(const Model<Net>& model, const Dataset<float>& data) { measure(model, data, RMSE{}); }
#else
double run(const Model<Net>& model, const Dataset<float>& data) {
  RMSE error;
  measure(model, data, error);
  return error.value();
}
#endif
