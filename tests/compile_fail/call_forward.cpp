// What a trainer's forward is given is read again by backward.
// expect: argument<tenon::fixed_string<8>{"forward"}, tenon::fixed_string<8>{"samples"}>
// expect: takes<tenon::samples_that_are_there_until_backward>, tenon::but_gets<std::vector<float
#include <tenon/tenon.hpp>

#include <span>
#include <vector>

using namespace tenon;

using Net = Sequential<Dense<6, 3>>;
std::vector<float> codes();

void run(Model<Net>& model, std::span<const float> gradient) {
  Trainer trainer{model, MeanSquaredError{}, SGD{}, 32};
#ifdef TENON_WRONG
  trainer.forward(codes());
#else
  const std::vector<float> samples = codes();
  trainer.forward(samples);
#endif
  trainer.backward(gradient);
}
