// A name with a dot in it would look like two.
// expect: invalid_name<tenon::path<tenon::fixed_string<10>{"head.left"}>, tenon::takes<
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Named<"head.left", Dense<10>>>;
#else
using Net = Sequential<Dense<784, 64>, Named<"head", Dense<10>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
