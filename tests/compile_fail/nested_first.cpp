// From the last layer of one nested network to the first of the next.
// expect: layer<tenon::path<2, 0>, tenon::Dense<32, 10>>
// expect: takes<tenon::Shape<32>>, tenon::but_gets<tenon::Shape<64>>
// expect: from_layer<tenon::path<1, 1>, tenon::ReLU>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 128>, Sequential<Dense<64>, ReLU>, Sequential<Dense<32, 10>>>;
#else
using Net = Sequential<Dense<784, 128>, Sequential<Dense<64>, ReLU>, Sequential<Dense<64, 10>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
