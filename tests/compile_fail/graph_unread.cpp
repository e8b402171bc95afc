// Nobody reads what a node gives, nor is it an output.
// expect: tenon::nobody_reads<tenon::node<tenon::fixed_string<6>{"aside"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"aside", Dense<3>>, Node<"y", Dense<2>, "x">, Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"aside", Dense<3>>, Node<"y", Dense<2>, "x">, Out<"y", "aside">>;
#endif

constexpr auto parameters = parameter_count<Net>;
