// A sample holds something.
// expect: layer<tenon::path<>, tenon::Input<3, 0, 8>>
// expect: takes<tenon::one_or_more_sizes_of_at_least_1>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<3, 0, 8>, Conv2D<2, 1>>;
#else
using Net = Sequential<Input<3, 8, 8>, Conv2D<2, 1>>;
#endif

constexpr auto parameters = parameter_count<Net>;
