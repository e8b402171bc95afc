// A loss whose formula names a parameter that nobody gives a value.
// expect: invalid_loss<Quantile, tenon::takes<tenon::an_option_for_each_parameter>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Dense<64, 2>;

struct Quantile {
  double q = 0.5;
  Reduction reduction = Reduction::mean;

  static constexpr auto over = prediction - target;
  static constexpr auto formula = max(-param<"q"> * over, (1 - param<"q">)*over);
#ifndef TENON_WRONG
  std::array<double, 1> options() const { return {q}; }
#endif
};

void train(Model<Net>& model, const Dataset<float>& data) {
  fit(model, data, Fit{.loss = Quantile{.q = 0.9}, .optimizer = Adam{}});
  evaluate(model, data, Quantile{.q = 0.9});
}
