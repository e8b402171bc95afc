// Samples are mixed when all else has been done to them.
// expect: invalid_augmentation<tenon::Mixup<1>, tenon::takes<tenon::mixup_as_the_last_step>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;

#ifdef TENON_WRONG
using Pipeline = Augment<Mixup<1>, RandomTranslation<2>>;
#else
using Pipeline = Augment<RandomTranslation<2>, Mixup<1>>;
#endif

History train(Model<Net>& model) {
  const auto data = augmented<Pipeline>(digits());
  return fit(model, data, Fit{});
}
