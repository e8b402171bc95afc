// A node reads an output, by its number, of a node that has one alone, which is read by the node's name: there are none
// to choose from.
// expect: tenon::no_such_output<tenon::asked_for<tenon::fixed_string<4>{"a.0"}>, tenon::there_are<>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"a", Dense<3>>, Node<"y", Dense<2>, "a.0">, Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"a", Dense<3>>, Node<"y", Dense<2>, "a">, Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
