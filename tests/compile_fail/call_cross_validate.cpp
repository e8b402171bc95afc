// Which network is trained is a template argument.
// expect: argument<tenon::fixed_string<15>{"cross_validate"}, tenon::fixed_string<4>{"Net"}
// expect: takes<tenon::a_network_as_its_first_template_argument>
// expect: cross_validate<Net>(data, how)
#include <tenon/tenon.hpp>
#include <tenon/train/cross_validate.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>, Softmax>;

#ifdef TENON_WRONG
void run(const Dataset<float>& data) { cross_validate(data, Fit{.epochs = 2}, 5); }
#else
void run(const Dataset<float>& data) { cross_validate<Net>(data, Fit{.epochs = 2}, 5); }
#endif
