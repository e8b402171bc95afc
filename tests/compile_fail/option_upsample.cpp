// Upsampling has no kernel.
// expect: layer<tenon::path<0>, tenon::Upsample<2,
// expect: no_option_such_as<tenon::fixed_string<10>{"kernel<3>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 4, 4>, Upsample<2, kernel<3>>>;
#else
using Net = Sequential<Input<1, 4, 4>, Upsample<2, 3, bilinear>>;
#endif

constexpr auto parameters = parameter_count<Net>;
