// A column of answers whose type is known is none that the loss of its output compares with.
// expect: data_mismatch<tenon::network_output, tenon::takes<tenon::LabelsColumn<tenon::fixed_string<6>{"digit"}, 10, 1>>
// expect: tenon::but_gets<tenon::LabelsColumn<tenon::fixed_string<6>{"digit"}, 9, 1>>, tenon::columns_of_the_data_set>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"image", 1, 8, 8>, Node<"seen", Sequential<Flatten, Dense<8>>>,
                  Node<"digit", Sequential<Dense<10>, Softmax>, "seen">, Node<"value", Dense<1>, "seen">,
                  Out<"digit", "value">>;

#ifdef TENON_WRONG
using Data = Columns<FeaturesColumn<"image", 1, 8, 8>, LabelsColumn<"digit", 9>, TargetsColumn<"value", 1>>;
#else
using Data = Columns<FeaturesColumn<"image", 1, 8, 8>, LabelsColumn<"digit", 10>, TargetsColumn<"value", 1>>;
#endif

void train(Model<Net>& model, const Dataset<>& data) {
  const auto known = typed<Data>(data);
  const auto loss = on<"digit">(CrossEntropy{}) + on<"value">(MeanSquaredError{});
  fit(model, known, Fit{.loss = loss, .epochs = 1});
  evaluate(model, known, loss);
}
