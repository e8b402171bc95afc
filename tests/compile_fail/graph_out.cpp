// Out names what is no node.
// expect: tenon::no_such_node<tenon::node<tenon::fixed_string<4>{"Out"}>, tenon::asked_for<tenon::fixed_string<7>{"digits"}>, tenon::there_are<tenon::fixed_string<2>{"x"}, tenon::fixed_string<6>{"digit"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"digit", Dense<3>>, Out<"digits">>;
#else
using Net = Graph<In<"x", 4>, Node<"digit", Dense<3>>, Out<"digit">>;
#endif

constexpr auto parameters = parameter_count<Net>;
