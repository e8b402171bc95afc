// Lamb takes a network's parameters one by one, and so is neither the first optimizer of Groups nor one of a group.
// expect: argument<tenon::fixed_string<7>{"Groups"}, tenon::fixed_string<10>{"optimizer"}
// expect: takes<tenon::an_optimizer_that_treats_all_parameters_alike>, tenon::but_gets<tenon::Lamb>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Input<4>, Dense<2>, Softmax>;

void run(Model<Net>& model, const Dataset<float>& data) {
#ifdef TENON_WRONG
  fit(model, data, Fit{.optimizer = Groups{Lamb{}, group<by_name<"*.bias">>(SGD{.lr = 0.1})}});
  fit(model, data, Fit{.optimizer = Groups{SGD{}, group<by_name<"*.bias">>(Lamb{})}});
#else
  fit(model, data, Fit{.optimizer = Lamb{}});
#endif
}
