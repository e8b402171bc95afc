// Groups divide the channels that come in.
// expect: layer<tenon::path<2>, tenon::Conv2D<16, 3
// expect: takes<tenon::channels_in_groups<4>>, tenon::but_gets<tenon::Shape<6, 6, 6>>
// expect: from_layer<tenon::path<1>, tenon::ReLU>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 8>, Conv2D<6, 3>, ReLU, Conv2D<16, 3, groups<4>>>;
#else
using Net = Sequential<Input<1, 8, 8>, Conv2D<6, 3>, ReLU, Conv2D<16, 3, groups<2>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
