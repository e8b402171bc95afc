// A callback has at least one of the members that fit calls.
// expect: not_a_callback<Logger, tenon::takes<tenon::a_type_with_on_epoch_end_or_another_member_of_a_callback>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<4, 3>, Softmax>;

struct Logger {
#ifdef TENON_WRONG
  void on_epoch_ends(auto&) {}
#else
  void on_epoch_end(auto&) {}
#endif
};

History train(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.callbacks = callbacks(Logger{})});
}
