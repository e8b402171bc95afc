// A share is at most all.
// expect: another_value_than<tenon::fixed_string<14>{"momentum<1.5>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<9>, BatchNorm1D<momentum<1.5>>>;
#else
using Net = Sequential<Input<9>, BatchNorm1D<momentum<1>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
