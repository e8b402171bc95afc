// A parameter group selects something.
// expect: selects_nothing<tenon::by_name<
// expect: "head.*"
// expect: known<
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<4, 3>, Named<"top", Dense<2>>>;

#ifdef TENON_WRONG
using Selection = by_name<"head.*">;
#else
using Selection = by_name<"top.*">;
#endif

History train(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.loss = MeanSquaredError{}, .optimizer = Groups{SGD{}, group<Selection>(SGD{.lr = 1})}});
}
