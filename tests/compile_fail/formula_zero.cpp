// Of whole numbers C++ drops the remainder.
// expect: layer<tenon::path<1>, tenon::Map<
// expect: a_factor_other_than_0<tenon::write<
// expect: 0.5, if you wrote 1/2
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<1 / 2 * square(x)>>;
#else
using Net = Sequential<Dense<6, 5>, Map<0.5 * square(x)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
