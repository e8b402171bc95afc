// A sweep over no networks would train nothing.
// expect: argument<tenon::fixed_string<6>{"sweep"}, tenon::fixed_string<4>{"Net"}
// expect: takes<tenon::networks_as_its_template_arguments>
// expect: sweep<A, B>(data, how)
#include <tenon/tenon.hpp>
#include <tenon/train/cross_validate.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>, Softmax>;

#ifdef TENON_WRONG
void run(const Dataset<float>& data) { sweep(data, Fit{.epochs = 2}); }
#else
void run(const Dataset<float>& data) { sweep<Net>(data, Fit{.epochs = 2}); }
#endif
