// A layer norm remembers nothing.
// expect: layer<tenon::path<0>, tenon::LayerNorm<
// expect: no_option_such_as<tenon::fixed_string<14>{"momentum<0.5>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<9>, LayerNorm<momentum<0.5>>>;
#else
using Net = Sequential<Input<9>, LayerNorm<epsilon<0>, bias<false>>, RMSNorm<epsilon<1e-6>>,
                       L2Normalize<epsilon<1e-9>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
