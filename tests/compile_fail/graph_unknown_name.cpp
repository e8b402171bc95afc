// A node reads a name that nobody has: the error has the node, the name, and those there are.
// expect: tenon::no_such_node<tenon::node<tenon::fixed_string<2>{"y"}>, tenon::asked_for<tenon::fixed_string<6>{"hiden"}>, tenon::there_are<tenon::fixed_string<2>{"x"}, tenon::fixed_string<7>{"hidden"}, tenon::fixed_string<2>{"y"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"hidden", Dense<3>>, Node<"y", Dense<2>, "hiden">, Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"hidden", Dense<3>>, Node<"y", Dense<2>, "hidden">, Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
constexpr auto input = input_shape<Net>::size;
constexpr auto entry = parameter_entry<Net, "y.weight">;
