// A loss of one's own that reads the class index, on a network that has a single output.
// expect: loss_mismatch<Brier
// expect: takes<tenon::vector_of_class_scores>, tenon::but_gets<tenon::Shape<1>>, tenon::from_layer<tenon::path<0>, tenon::Dense<64, 1>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 1>>;
#else
using Net = Sequential<Dense<64, 2>>;
#endif

struct Brier : FormulaLoss<sum(square(prediction - one_hot))> {};

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = Brier{}, .optimizer = Adam{}});
  evaluate(model, data, Brier{});
}
