// Weights of a convolution in groups have eight bits and a scale each.
// expect: invalid_layer<tenon::layer<tenon::path<0>, tenon::Conv2D<6, 6, 3
// expect: takes<tenon::weights_of_8_bits_and_a_scale_per_output_in_groups>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<6, 8, 8>, Conv2D<6, 6, 3, groups<6>, weight_bits<4>>, ReLU>;
#else
using Net = Sequential<Input<6, 8, 8>, Conv2D<6, 6, 3, groups<6>>, ReLU, Conv2D<4, 1, weight_bits<4>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
