// The padding of a transposed convolution must leave something.
// expect: layer<tenon::path<1>, tenon::ConvTranspose2D<4, 3
// expect: takes<tenon::less_padding_than<tenon::padded_input<3, 3>>>, tenon::but_gets<tenon::Shape<2, 2, 2>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 4, 4>, Conv2D<2, 3>, ConvTranspose2D<4, 3, padding<3>>>;
#else
using Net = Sequential<Input<1, 4, 4>, Conv2D<2, 3>, ConvTranspose2D<4, 3, padding<1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
