// An optimizer has a rate, says how many arrays it keeps, and makes steps.
// expect: an_optimizer_with_lr_and_states_and_update>, tenon::but_gets<Mine>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>, Softmax>;

struct Mine {
  double lr = 0.5;
#ifndef TENON_WRONG
  static constexpr int states = 0;
  void update(const auto&, std::uint64_t) const {}
#endif
};

History run(Model<Net>& model, const Dataset<float>& data) { return fit(model, data, Fit{.optimizer = Mine{}}); }
