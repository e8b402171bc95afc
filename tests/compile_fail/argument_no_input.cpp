// An Input of nothing.
// expect: layer<tenon::path<>, tenon::Input<>>
// expect: takes<tenon::one_or_more_sizes_of_at_least_1>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<>, Dense<3>>;
#else
using Net = Sequential<Input<7>, Dense<3>>;
#endif

constexpr auto parameters = parameter_count<Net>;
