// A loss's formula looks at one sample or at the whole batch, and has no running statistics.
// expect: invalid_loss<Spread, tenon::takes<tenon::reductions_over_the_sample_or_over_the_batch_not_both>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Graph<In<"x", 4>, Node<"code", Dense<3>, "x">, Out<"code">>;

#ifdef TENON_WRONG
struct Spread : FormulaLoss<max(0, 1 - sqrt(sum(batch_variance(in<"code">)) + 1e-4))> {};
#else
struct Spread : FormulaLoss<max(0, 1 - sqrt(batch_variance(in<"code">) + 1e-4))> {};
#endif

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = Spread{}, .optimizer = Adam{}});
  evaluate(model, data, Spread{});
}
