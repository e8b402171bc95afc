// Two layers that do not fit, behind an activation.
// expect: shape_mismatch<
// expect: layer<tenon::path<2>, tenon::Dense<64, 10>>
// expect: takes<tenon::Shape<64>>, tenon::but_gets<tenon::Shape<128>>
// expect: from_layer<tenon::path<1>, tenon::ReLU>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 128>, ReLU, Dense<64, 10>>;
#else
using Net = Sequential<Dense<784, 128>, ReLU, Dense<128, 10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
