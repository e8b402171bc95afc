// The number of folds stands behind the Fit.
// expect: argument<tenon::fixed_string<15>{"cross_validate"}, tenon::fixed_string<4>{"how"}
// expect: takes<tenon::one_Fit>, tenon::but_gets<int>
#include <tenon/tenon.hpp>
#include <tenon/train/cross_validate.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>, Softmax>;

#ifdef TENON_WRONG
void run(const Dataset<float>& data) { cross_validate<Net>(data, 5, Fit{.epochs = 2}); }
#else
void run(const Dataset<float>& data) { cross_validate<Net>(data, Fit{.epochs = 2}, 5); }
#endif
