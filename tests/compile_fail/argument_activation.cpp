// The steepness of an activation is a number.
// expect: layer<tenon::path<1>, tenon::LeakyReLU<
// expect: takes<tenon::a_number>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 4>, LeakyReLU<param<"slope">>>;
#else
using Net = Sequential<Dense<6, 4>, LeakyReLU<0>, ELU<2>, CELU<0.5>, HardTanh<-2, 2>>;
#endif

constexpr auto parameters = parameter_count<Net>;
