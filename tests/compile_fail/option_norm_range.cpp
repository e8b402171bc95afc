// What is added under the root is no negative number.
// expect: layer<tenon::path<0>, tenon::BatchNorm1D<
// expect: another_value_than<tenon::fixed_string<12>{"epsilon<-2>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<9>, BatchNorm1D<epsilon<-2>>>;
#else
using Net = Sequential<Input<9>, BatchNorm1D<epsilon<1e-4>, momentum<0.5>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
