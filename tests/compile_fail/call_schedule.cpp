// A schedule is a function of the rate and of the time.
// expect: ".schedule"}>, tenon::takes<tenon::a_function_of_lr_and_time>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<7, 2>>;

#ifdef TENON_WRONG
auto how() {
  return Fit{.loss = MeanSquaredError{}, .schedule = [](double lr) { return lr / 2; }};
}
#else
auto how() {
  return Fit{.loss = MeanSquaredError{}, .schedule = [](double lr, std::uint64_t t) { return t > 5 ? lr / 2 : lr; }};
}
#endif
