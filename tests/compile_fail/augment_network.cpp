// What an augmentation gives goes with the network.
// expect: data_mismatch<tenon::network_input, tenon::takes<tenon::Shape<1, 8, 8>>, tenon::but_gets<tenon::Shape<1, 6, 6>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Pipeline = Augment<RandomTranslation<1>, RandomCrop<6>>;
#else
using Pipeline = Augment<RandomCrop<6>, RandomTranslation<1>, Normalize<0.3, 0.3>>;
#endif

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;
#else
using Net = Sequential<Input<1, 6, 6>, Flatten, Dense<10>, Softmax>;
#endif

History train(Model<Net>& model) {
  const auto data = augmented<Pipeline>(digits());
  return fit(model, data, Fit{});
}
