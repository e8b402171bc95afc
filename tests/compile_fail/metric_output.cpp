// A metric of an output that there is not.
// expect: no_such_output<
// expect: "val"
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 2>, Node<"digit", Sequential<Dense<3>, Softmax>, "x">, Node<"value", Dense<1>, "x">,
                  Out<"digit", "value">>;

#ifdef TENON_WRONG
void run(const Model<Net>& model, const Dataset<float>& data) {
  MAE error;
  measure(model, data, on<"val">(error));
}
#else
void run(const Model<Net>& model, const Dataset<float>& data) {
  MAE error;
  measure(model, data, on<"value">(error));
}
#endif
