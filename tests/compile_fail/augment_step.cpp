// One's own step has a member that says what it does, and needs no other.
// expect: invalid_augmentation<Darker, tenon::takes<tenon::a_step_with_draw_motion_or_change_or_another_member_of_one>>
#include <tenon/tenon.hpp>

using namespace tenon;

struct Darker {
#ifdef TENON_WRONG
  static void apply(const augment::ImageSize& size, auto* image, Stream&){
#else
  static void change(const augment::ImageSize& size, auto* image, Stream&) {
#endif
      for (std::size_t i = 0; i < size.height * size.width; ++i) image[i] /= 2;
}
}
;

using Net = Sequential<Input<1, 8, 8>, Flatten, Dense<10>, Softmax>;

History train(Model<Net>& model) {
  const auto data = augmented<Augment<Darker>>(digits());
  return fit(model, data, Fit{});
}
