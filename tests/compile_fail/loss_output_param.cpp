// A formula of outputs has no options, which a parameter in it would stand for.
// expect: invalid_loss<tenon::FormulaLoss<
// expect: tenon::takes<tenon::a_formula_without_param>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 4>, Node<"a", Dense<3>, "x">, Node<"b", Dense<3>, "x">, Out<"a", "b">>;

#ifdef TENON_WRONG
constexpr auto distance = param<"scale"> * square(in<"a"> - in<"b">);
#else
constexpr auto distance = 0.5 * square(in<"a"> - in<"b">);
#endif

void train(Model<Net>& model, const Dataset<>& data) {
  fit(model, data, Fit{.loss = FormulaLoss<distance>{}, .epochs = 1});
}
