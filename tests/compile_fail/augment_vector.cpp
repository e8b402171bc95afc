// Steps that move pixels take images.
// expect: augmentation_mismatch<tenon::RandomTranslation<1>, tenon::takes<tenon::images_of_channels_height_width>, tenon::but_gets<tenon::Shape<64>>>
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Dense<64, 10>, Softmax>;

#ifdef TENON_WRONG
using Pipeline = Augment<RandomTranslation<1>>;
#else
using Pipeline = Augment<GaussianNoise<0.1>, Mixup<0.2>>;
#endif

History train(Model<Net>& model) {
  const auto data = augmented<Pipeline>(digits().flat());
  return fit(model, data, Fit{});
}
