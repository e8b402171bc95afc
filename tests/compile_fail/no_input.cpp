// Nobody says what the first layer is given.
// expect: needs_input<tenon::layer<tenon::path<0>, tenon::Dense<128>>, tenon::say_Input_first>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<128>, ReLU, Dense<128, 10>>;
#else
using Net = Sequential<Input<784>, Dense<128>, ReLU, Dense<128, 10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
