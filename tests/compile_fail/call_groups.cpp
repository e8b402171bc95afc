// All but the first optimizer of Groups say for which parameters they are.
// expect: argument<tenon::fixed_string<4>{"Fit"}, tenon::fixed_string<11>{".optimizer"}
// expect: takes<tenon::groups_behind_the_first_optimizer>
// expect: group<by_name<...>>(SGD{})
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>, Softmax>;

void run(Model<Net>& model, const Dataset<float>& data) {
#ifdef TENON_WRONG
  const auto optimizer = Groups{Adam{}, SGD{.lr = 0.1}};
#else
  const auto optimizer = Groups{Adam{}, group<by_name<"*.bias">>(SGD{.lr = 0.1})};
#endif
  fit(model, data, Fit{.optimizer = optimizer});
}
