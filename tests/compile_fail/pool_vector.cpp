// Pools look at channels; a vector has none.
// expect: layer<tenon::path<1>, tenon::GlobalAvgPool>
// expect: takes<tenon::signals_or_images_with_channels_first>, tenon::but_gets<tenon::Shape<18>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/flatten.hpp>
#include <tenon/layers/global_avg_pool.hpp>
#include <tenon/layers/identity.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<2, 3, 3>, Flatten, GlobalAvgPool>;
#else
using Net = Sequential<Input<2, 3, 3>, Identity, GlobalAvgPool>;
#endif

constexpr auto parameters = parameter_count<Net>;
