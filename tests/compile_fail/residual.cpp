// A residual branch has to give what it takes.
// expect: layer<tenon::path<1>, tenon::Residual<tenon::Dense<32>, tenon::ReLU, tenon::Dense<48>>>
// expect: takes<tenon::Shape<64>>, tenon::but_gets<tenon::Shape<48>>
// expect: from_layer<tenon::path<1, 2>, tenon::Dense<48>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Residual<Dense<32>, ReLU, Dense<48>>>;
#else
using Net = Sequential<Dense<784, 64>, Residual<Dense<32>, ReLU, Dense<64>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
