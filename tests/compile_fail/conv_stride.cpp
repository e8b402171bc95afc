// A stride is at least 1.
// expect: invalid_layer<tenon::layer<tenon::path<0>, tenon::Conv2D<16, 3
// expect: takes<tenon::one_number_or_one_per_axis_and_strides_and_dilations_of_at_least_1>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 8>, Conv2D<16, 3, stride<0>>, ReLU>;
#else
using Net = Sequential<Input<1, 8, 8>, Conv2D<16, 3, stride<1>>, ReLU>;
#endif

constexpr auto parameters = parameter_count<Net>;
