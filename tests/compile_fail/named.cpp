// Names stand in paths.
// expect: layer<tenon::path<tenon::fixed_string<8>{"decoder"}, 0>, tenon::Dense<32, 784>>
// expect: takes<tenon::Shape<32>>, tenon::but_gets<tenon::Shape<64>>
// expect: from_layer<tenon::path<tenon::fixed_string<8>{"encoder"}, 1>, tenon::ReLU>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Named<"encoder", Sequential<Dense<784, 64>, ReLU>>,
                       Named<"decoder", Sequential<Dense<32, 784>>>>;
#else
using Net = Sequential<Named<"encoder", Sequential<Dense<784, 64>, ReLU>>,
                       Named<"decoder", Sequential<Dense<64, 784>>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
