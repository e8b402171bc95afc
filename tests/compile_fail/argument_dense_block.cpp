// A dense block of no layers.
// expect: DenseBlock<0, tenon::Conv2D<2, 1>>
// expect: takes<tenon::one_or_more_layers>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<3, 4, 4>, DenseBlock<0, Conv2D<2, 1>>>;
#else
using Net = Sequential<Input<3, 4, 4>, DenseBlock<2, Conv2D<2, 1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
