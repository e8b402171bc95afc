// The options of a group norm.
// expect: layer<tenon::path<0>, tenon::GroupNorm<3,
// expect: no_option_such_as<tenon::fixed_string<10>{"kernel<2>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<9, 2, 2>, GroupNorm<3, kernel<2>>>;
#else
using Net = Sequential<Input<9, 2, 2>, GroupNorm<3, affine<false>>, InstanceNorm<affine<true>, epsilon<1e-4>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
