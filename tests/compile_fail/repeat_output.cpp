// A repeated block has to give what it takes.
// expect: layer<tenon::path<1>, tenon::Repeat<3, tenon::Sequential<tenon::Dense<64, 32>, tenon::ReLU>>>
// expect: takes<tenon::Shape<64>>, tenon::but_gets<tenon::Shape<32>>
// expect: from_layer<tenon::path<1, 0, 1>, tenon::ReLU>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Repeat<3, Sequential<Dense<64, 32>, ReLU>>>;
#else
using Net = Sequential<Dense<784, 64>, Repeat<3, Sequential<Dense<64, 64>, ReLU>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
