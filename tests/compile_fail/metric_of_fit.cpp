// Of two outputs, a metric has to say which one it is of.
// expect: metric_mismatch<tenon::MAE, tenon::takes<tenon::one_output_or_say_on>
// expect: on<\"name\">(metric)
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 2>, Node<"digit", Sequential<Dense<3>, Softmax>, "x">, Node<"value", Dense<1>, "x">,
                  Out<"digit", "value">>;

#ifdef TENON_WRONG
void run(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = on<"value">(MeanSquaredError{}), .validation = data, .metrics = metrics(MAE{})});
}
#else
void run(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data,
      Fit{.loss = on<"value">(MeanSquaredError{}), .validation = data, .metrics = metrics(on<"value">(MAE{}))});
}
#endif
