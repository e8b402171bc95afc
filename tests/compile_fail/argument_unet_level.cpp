// A level goes down and up again.
// expect: takes<tenon::encoder_and_down_and_up_and_decoder>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 4, 4>, UNet<Level<Conv2D<2, 1>, MaxPool2D<2>, Conv2D<2, 1>>, Conv2D<4, 1>>>;
#else
using Net = Sequential<Input<1, 4, 4>,
                       UNet<Level<Conv2D<2, 1>, MaxPool2D<2>, Upsample<2>, Conv2D<2, 1>>, Conv2D<4, 1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
