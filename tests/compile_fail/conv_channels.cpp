// A convolution that states its channels gets as many.
// expect: layer<tenon::path<1>, tenon::Conv2D<8, 16, 3>>
// expect: takes<tenon::channels<8>>, tenon::but_gets<tenon::Shape<6, 6, 6>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/conv_transpose2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 8>, Conv2D<6, 3>, Conv2D<8, 16, 3>>;
#else
using Net = Sequential<Input<1, 8, 8>, Conv2D<6, 3>, Conv2D<6, 16, 3>>;
#endif

constexpr auto parameters = parameter_count<Net>;
