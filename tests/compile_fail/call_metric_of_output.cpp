// A metric of an output is asked afterwards too, so it has to be a variable.
// expect: "metrics"}>, tenon::takes<tenon::a_metric_that_is_a_variable>, tenon::but_gets<tenon::OutputMetric<
// expect: on<...>(a)
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 2>, Node<"digit", Sequential<Dense<3>, Softmax>, "x">, Node<"value", Dense<1>, "x">,
                  Out<"digit", "value">>;

#ifdef TENON_WRONG
void run(const Model<Net>& model, const Dataset<float>& data) { measure(model, data, on<"value">(MAE{})); }
#else
double run(const Model<Net>& model, const Dataset<float>& data) {
  MAE error;
  measure(model, data, on<"value">(error));
  return error.value();
}
#endif
