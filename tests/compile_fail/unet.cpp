// What comes up from below meets what went across: a 7 x 7 map halved and doubled is 6 x 6.
// expect: "across"}>, tenon::Concat<
// expect: but_gets<tenon::Shape<4, 6, 6>>
// expect: "up"}>, tenon::Upsample<2>>
#include <tenon/tenon.hpp>

using namespace tenon;

template <std::size_t C>
using Conv = Sequential<Conv2D<C, 3, padding<1>>, ReLU>;

#ifdef TENON_WRONG
using Image = Input<1, 7, 7>;
#else
using Image = Input<1, 8, 8>;
#endif
using Net = Sequential<Image, UNet<Level<Conv<2>, MaxPool2D<2>, Upsample<2>, Conv<2>>, Conv<4>>>;

constexpr auto parameters = parameter_count<Net>;
