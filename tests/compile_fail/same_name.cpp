// Two parts of one network cannot have the same name: their parameters would.
// expect: name_used_twice<tenon::path<tenon::fixed_string<5>{"head"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Named<"head", Dense<784, 64>>, Dense<64>, Named<"head", Dense<64, 10>>>;
#else
using Net = Sequential<Named<"head", Dense<784, 64>>, Dense<64>, Named<"tail", Dense<64, 10>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
