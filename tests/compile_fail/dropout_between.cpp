// Fused layers in between do not hide who gives what.
// expect: layer<tenon::path<3>, tenon::Dense<64, 10>>
// expect: takes<tenon::Shape<64>>, tenon::but_gets<tenon::Shape<128>>
// expect: from_layer<tenon::path<2>, tenon::Dropout<5.0
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<64, 10>>;
#else
using Net = Sequential<Dense<784, 128>, ReLU, Dropout<0.5>, Dense<128, 10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
