// With a dilation a window may reach beyond both ends of the input and hold nothing of it.
// expect: layer<tenon::path<0>, tenon::MaxPool2D<2
// expect: takes<tenon::an_input_that_every_window_meets>, tenon::but_gets<tenon::Shape<1, 2, 2>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/max_pool2d.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 2, 2>, MaxPool2D<2, padding<1>, dilation<3>>>;
#else
using Net = Sequential<Input<1, 3, 3>, MaxPool2D<2, padding<1>, dilation<3>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
