// Columns whose types are known are not the inputs of the graph: one error has both.
// expect: data_mismatch<tenon::network_inputs, tenon::takes<tenon::In<tenon::fixed_string<6>{"image"}, 1, 8, 8>, tenon::In<tenon::fixed_string<6>{"table"}, 5>>
// expect: tenon::but_gets<tenon::FeaturesColumn<tenon::fixed_string<6>{"image"}, 1, 8, 8>, tenon::FeaturesColumn<tenon::fixed_string<6>{"table"}, 4>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"image", 1, 8, 8>, In<"table", 5>, Node<"seen", Sequential<Flatten, Dense<8>>, "image">,
                  Node<"both", Concat<>, "seen", "table">, Node<"digit", Sequential<Dense<10>, Softmax>>, Out<"digit">>;

#ifdef TENON_WRONG
using Data = Columns<FeaturesColumn<"image", 1, 8, 8>, FeaturesColumn<"table", 4>, LabelsColumn<"digit", 10>>;
#else
using Data = Columns<FeaturesColumn<"image", 1, 8, 8>, FeaturesColumn<"table", 5>, LabelsColumn<"digit", 10>>;
#endif

void train(Model<Net>& model, const Dataset<>& data) {
  const auto known = typed<Data>(data);
  fit(model, known, Fit{.loss = CrossEntropy{}, .epochs = 1});
  evaluate(model, known, CrossEntropy{});
}
