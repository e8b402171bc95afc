// The first layer's own fault comes before the missing Input.
// expect: invalid_layer<tenon::layer<tenon::path<0>, tenon::Dense<9, 8, 4>>
// expect: takes<tenon::one_or_two_sizes_of_at_least_1>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<9, 8, 4>, ReLU>;
#else
using Net = Sequential<Dense<9, 8>, ReLU, Dense<4>>;
#endif

constexpr auto parameters = parameter_count<Net>;
