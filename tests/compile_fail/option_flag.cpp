// Whether there is a bias is an option with a name.
// expect: no_option_such_as<tenon::fixed_string<6>{"false"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<9, 4, false>>;
#else
using Net = Sequential<Dense<9, 4, bias<false>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
