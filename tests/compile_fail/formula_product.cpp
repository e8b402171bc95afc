// A formula's matrix says how many features x has.
// expect: layer<tenon::path<1>,
// expect: takes<tenon::Shape<128>>, tenon::but_gets<tenon::Shape<64>>
// expect: from_layer<tenon::path<0>, tenon::Dense<64>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/map.hpp>

using namespace tenon;

template <std::size_t In>
using Mine = Map<sigmoid(matmul(x, param<"W", Shape<In, 10>>) + param<"b", Shape<10>>)>;

#ifdef TENON_WRONG
using Net = Sequential<Input<784>, Dense<64>, Mine<128>>;
#else
using Net = Sequential<Input<784>, Dense<64>, Mine<64>>;
#endif

constexpr auto parameters = parameter_count<Net>;
