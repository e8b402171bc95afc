// A callback's member that takes something else would never be called.
// expect: not_a_callback<Watcher, tenon::takes<tenon::write<
// expect: "on_epoch_end(auto& run)"
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<5, 3>, Softmax>;

struct Watcher {
  void on_step_end(auto&) {}
#ifdef TENON_WRONG
  void on_epoch_end(int) {}
#else
  void on_epoch_end(auto&) {}
#endif
};

History run(Model<Net>& model, const Dataset<float>& data) {
  return fit(model, data, Fit{.callbacks = callbacks(Watcher{})});
}
