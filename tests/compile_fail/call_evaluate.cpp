// evaluate takes a loss, as fit does.
// expect: "evaluate"}, tenon::fixed_string<5>{"loss"}>, tenon::takes<tenon::a_loss>, tenon::but_gets<tenon::Accuracy>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>, Softmax>;

#ifdef TENON_WRONG
Scores run(const Model<Net>& model, const Dataset<float>& data) { return evaluate(model, data, Accuracy{}); }
#else
Scores run(const Model<Net>& model, const Dataset<double>& data) { return evaluate(model, data); }
#endif
