// A penalty is a type of its own, not a number.
// expect: ".regularizer"}>, tenon::takes<tenon::a_regularizer_with_selection_and_l1_and_l2>, tenon::but_gets<double>
// expect: L2{1e-4}
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>, Softmax>;

#ifdef TENON_WRONG
History run(Model<Net>& model, const Dataset<float>& data) { return fit(model, data, Fit{.regularizer = 0.01}); }
#else
History run(Model<Net>& model, const Dataset<float>& data) { return fit(model, data, Fit{.regularizer = L2{0.01}}); }
#endif
