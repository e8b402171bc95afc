// What stands between a pool and its unpool gives back the shape that the pool gave.
// expect: layer<tenon::path<1>, tenon::MaxUnpool<tenon::MaxPool2D<2
// expect: takes<tenon::Shape<4, 3, 3>>, tenon::but_gets<tenon::Shape<5, 3, 3>>, tenon::from_layer<tenon::path<1, 1>, tenon::Conv2D<5
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/max_pool2d.hpp>
#include <tenon/layers/max_unpool.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 8>, Conv2D<4, 3>, MaxUnpool<MaxPool2D<2>, Conv2D<5, 1>>>;
#else
using Net = Sequential<Input<1, 8, 8>, Conv2D<4, 3>, MaxUnpool<MaxPool2D<2>, Conv2D<4, 1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
