// A network of two outputs, and a loss that does not say of which it is.
// expect: tenon::loss_mismatch<tenon::MeanSquaredError, tenon::takes<tenon::one_output_or_say_on>
// expect: {"on<\"name\">(loss)"}
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 4>, Node<"digit", Sequential<Dense<3>, Softmax>, "x">, Node<"value", Dense<1>, "x">,
                  Out<"digit", "value">>;

void train(const Dataset<float>& data) {
  Model<Net> model;
#ifdef TENON_WRONG
  fit(model, data, Fit{.loss = MeanSquaredError{}, .epochs = 5});
#else
  fit(model, data, Fit{.loss = on<"value">(MeanSquaredError{}), .epochs = 5});
#endif
}
