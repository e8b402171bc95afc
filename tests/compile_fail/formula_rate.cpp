// A rate is a number.
// expect: layer<tenon::path<1>, tenon::Dropout<
// expect: takes<tenon::a_rate_of_at_least_0_and_below_1>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Dropout<x>>;
#else
using Net = Sequential<Dense<6, 5>, Dropout<0.25>>;
#endif

constexpr auto parameters = parameter_count<Net>;
