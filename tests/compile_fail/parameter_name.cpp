// A wrong name is answered with the names there are.
// expect: no_parameter<tenon::asked<tenon::fixed_string<9>{"0.wieght"}>
// expect: known<tenon::fixed_string<9>{"0.weight"}, tenon::fixed_string<7>{"0.bias"}, tenon::fixed_string<9>{"2.weight"}, tenon::fixed_string<7>{"2.bias"}>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

using Net = Sequential<Dense<784, 128>, ReLU, Dense<128, 10>>;

#ifdef TENON_WRONG
constexpr auto weight = parameter_entry<Net, "0.wieght">;
#else
constexpr auto weight = parameter_entry<Net, "0.weight">;
#endif
