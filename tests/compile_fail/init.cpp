// An initialiser says what weights start as.
// expect: not_an_initializer<tenon::ReLU, tenon::takes<tenon::a_type_with_fill_of_values_spec_and_stream>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Start = ReLU;
#else
using Start = KaimingNormal<>;
#endif

using Net = Sequential<Input<1, 8, 8>, Conv2D<4, 3, init<Start>>, ReLU, Flatten, Dense<8, bias_init<Start>>, ReLU,
                       Dense<3, init<Start>>, Softmax>;

History train(const Dataset<float>& data) {
  Model<Net> model{1};
  return fit(model, data, Fit{});
}
