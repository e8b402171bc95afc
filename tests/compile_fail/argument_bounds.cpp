// The lower bound comes first.
// expect: layer<tenon::path<1>, tenon::HardTanh<1, -1>>
// expect: takes<tenon::a_lower_and_a_higher_bound>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 4>, HardTanh<1, -1>>;
#else
using Net = Sequential<Dense<6, 4>, HardTanh<-1, 1>>;
#endif

constexpr auto parameters = parameter_count<Net>;
