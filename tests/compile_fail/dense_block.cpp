// The layer that a dense block repeats has to keep the size of an image: it is said of the first copy.
// expect: layer<tenon::path<0, 0>, tenon::Concat<tenon::Identity, tenon::AvgPool2D<2>>>
// expect: joinable_with<tenon::Shape<4, 6, 6>>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<4, 6, 6>, DenseBlock<4, AvgPool2D<2>>, Flatten>;
#else
using Net = Sequential<Input<4, 6, 6>, DenseBlock<4, AvgPool2D<3, stride<1>, padding<1>>>, Flatten>;
#endif

constexpr auto parameters = parameter_count<Net>;
