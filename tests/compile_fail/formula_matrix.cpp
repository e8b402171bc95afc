// A product needs a parameter that says how wide it is on both sides.
// expect: layer<tenon::path<0>,
// expect: takes<tenon::matmul_with_a_parameter_of_two_sizes>
#include <tenon/net/networks.hpp>

#include <tenon/layers/map.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<64>, Map<sigmoid(matmul(x, param<"W">))>>;
#else
using Net = Sequential<Input<64>, Map<sigmoid(matmul(x, param<"W", Shape<64, 10>>))>>;
#endif

constexpr auto parameters = parameter_count<Net>;
