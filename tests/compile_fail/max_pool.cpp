// A window has to fit into its padded input.
// expect: layer<tenon::path<1>, tenon::MaxPool2D<5
// expect: takes<tenon::kernel_within<tenon::kernel_of<5, 5>, tenon::padded_input<4, 6>>>, tenon::but_gets<tenon::Shape<6, 4, 6>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/max_pool2d.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 10>, Sequential<Conv2D<6, 5>>, MaxPool2D<5, stride<2>>>;
#else
using Net = Sequential<Input<1, 8, 10>, Sequential<Conv2D<6, 5>>, MaxPool2D<3, stride<2>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
