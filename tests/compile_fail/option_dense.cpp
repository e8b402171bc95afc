// A Dense layer has no stride.
// expect: layer<tenon::path<0>, tenon::Dense<9, 4,
// expect: no_option_such_as<tenon::fixed_string<12>{"dilation<3>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<9, 4, dilation<3>>>;
#else
using Net = Sequential<Dense<9, 4, bias<true>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
