// Groups divide the channels of both sides.
// expect: invalid_layer<tenon::layer<tenon::path<0>, tenon::Conv2D<6, 16, 3
// expect: takes<tenon::groups_that_divide<4, tenon::channels<6>, tenon::channels<16>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<6, 8, 8>, Conv2D<6, 16, 3, groups<4>>, ReLU>;
#else
using Net = Sequential<Input<6, 8, 8>, Conv2D<6, 16, 3, groups<2>>, ReLU>;
#endif

constexpr auto parameters = parameter_count<Net>;
