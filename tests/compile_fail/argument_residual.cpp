// A residual around nothing.
// expect: layer<tenon::path<1>, tenon::Residual<>>
// expect: takes<tenon::one_or_more_layers>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 4>, Residual<>>;
#else
using Net = Sequential<Dense<6, 4>, Residual<Identity>>;
#endif

constexpr auto parameters = parameter_count<Net>;
