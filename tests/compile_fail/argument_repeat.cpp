// A block no times.
// expect: layer<tenon::path<1>, tenon::Repeat<0, tenon::Dense<4>>>
// expect: takes<tenon::one_or_more_copies>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 4>, Repeat<0, Dense<4>>>;
#else
using Net = Sequential<Dense<6, 4>, Repeat<1, Dense<4>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
