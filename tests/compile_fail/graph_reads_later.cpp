// A node reads what stands behind it.
// expect: tenon::reads_what_comes_later<tenon::node<tenon::fixed_string<2>{"a"}>, tenon::asked_for<tenon::fixed_string<2>{"b"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"a", Dense<3>, "b">, Node<"b", Dense<4>, "x">, Node<"y", Add<>, "a", "a">, Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"b", Dense<4>, "x">, Node<"a", Dense<3>, "b">, Node<"y", Add<>, "a", "a">, Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
