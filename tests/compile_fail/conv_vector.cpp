// A convolution takes images.
// expect: layer<tenon::path<1>, tenon::Conv2D<16, 3>>
// expect: takes<tenon::images_of_channels_height_width>, tenon::but_gets<tenon::Shape<64>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Conv2D<16, 3>>;
#else
using Net = Sequential<Dense<784, 64>, Reshape<1, 8, 8>, Conv2D<16, 3>>;
#endif

constexpr auto parameters = parameter_count<Net>;
