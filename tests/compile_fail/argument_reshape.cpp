// A Reshape to nothing.
// expect: layer<tenon::path<1>, tenon::Reshape<>>
// expect: takes<tenon::one_or_more_sizes_of_at_least_1>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 4>, Reshape<>, Dense<2>>;
#else
using Net = Sequential<Dense<6, 4>, Reshape<4>, Dense<2>>;
#endif

constexpr auto parameters = parameter_count<Net>;
