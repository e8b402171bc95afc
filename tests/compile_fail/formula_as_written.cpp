// A formula is shown as it is written.
// expect: layer<tenon::path<1>, tenon::Map<tenon::fixed_string<35>{"tanh(matmul(x, param<\"W\">)) - 0.25"}>>
// expect: takes<tenon::Shape<8>>, tenon::but_gets<tenon::Shape<5>>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<tanh(matmul(x, param<"W", Shape<8, 3>>)) - 0.25>>;
#else
using Net = Sequential<Dense<6, 5>, Map<tanh(matmul(x, param<"W", Shape<5, 3>>)) - 0.25>>;
#endif

constexpr auto parameters = parameter_count<Net>;
