// The groups divide the channels.
// expect: layer<tenon::path<1>, tenon::GroupNorm<4>>
// expect: takes<tenon::channels_in_groups<4>>, tenon::but_gets<tenon::Shape<6, 3, 3>>, tenon::from_layer<tenon::path<0>, tenon::Conv2D<6
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/group_norm.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 5, 5>, Conv2D<6, 3>, GroupNorm<4>>;
#else
using Net = Sequential<Input<1, 5, 5>, Conv2D<6, 3>, GroupNorm<3>>;
#endif

constexpr auto parameters = parameter_count<Net>;
