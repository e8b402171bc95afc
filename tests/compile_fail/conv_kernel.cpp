// A kernel has to fit into its padded input.
// expect: layer<tenon::path<1>, tenon::Conv2D<16, 7
// expect: takes<tenon::kernel_within<tenon::kernel_of<13, 13>, tenon::padded_input<12, 10>>>, tenon::but_gets<tenon::Shape<6, 10, 8>>
// expect: from_layer<tenon::path<0>, tenon::Conv2D<6, 5
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 14, 12>, Conv2D<6, 5>, Conv2D<16, 7, dilation<2>, padding<1>>, ReLU>;
#else
using Net = Sequential<Input<1, 14, 12>, Conv2D<6, 5>, Conv2D<16, 5, dilation<2>, padding<1>>, ReLU>;
#endif

constexpr auto parameters = parameter_count<Net>;
