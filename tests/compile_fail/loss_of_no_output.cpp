// A loss that does not say of which output it is, added to one that does.
// expect: loss_of_no_output<tenon::MeanSquaredError, tenon::takes<tenon::a_loss_that_says_its_output>
#include <tenon/net/mistakes.hpp>

#include <tenon/losses/cross_entropy.hpp>
#include <tenon/losses/joint.hpp>
#include <tenon/losses/mean_squared_error.hpp>

using namespace tenon;

#ifdef TENON_WRONG
constexpr auto loss = on<"digit">(CrossEntropy{}) + MeanSquaredError{};
#else
constexpr auto loss = on<"digit">(CrossEntropy{}) + on<"value">(MeanSquaredError{});
#endif

void use() { static_cast<void>(loss); }
