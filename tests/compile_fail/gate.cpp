// A gate takes one factor for each channel.
// expect: tenon::Gate<
// expect: takes<tenon::Shape<3>>, tenon::but_gets<tenon::Shape<4>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<3, 8, 8>, Gate<GlobalAvgPool, Dense<4>, Sigmoid>>;
#else
using Net = Sequential<Input<3, 8, 8>, Gate<GlobalAvgPool, Dense<3>, Sigmoid>>;
#endif

constexpr auto parameters = parameter_count<Net>;
