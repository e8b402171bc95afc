// A fault inside a repeated block is reported once, not once per copy.
// expect: layer<tenon::path<1, 0, 2>, tenon::Dense<32, 64>>
// expect: takes<tenon::Shape<32>>, tenon::but_gets<tenon::Shape<48>>
// expect: from_layer<tenon::path<1, 0, 1>, tenon::ReLU>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Repeat<3, Sequential<Dense<48>, ReLU, Dense<32, 64>>>>;
#else
using Net = Sequential<Dense<784, 64>, Repeat<3, Sequential<Dense<48>, ReLU, Dense<48, 64>>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
