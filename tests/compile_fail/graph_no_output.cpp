// A node reads an output that the node in front of the dot does not have: the error has the name as written, and the
// outputs there are.
// expect: tenon::no_such_output<tenon::asked_for<tenon::fixed_string<10>{"code.mena"}>, tenon::there_are<tenon::fixed_string<5>{"mean"}, tenon::fixed_string<7>{"spread"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

using Encoder = Graph<In<"x">, Node<"mean", Dense<2>, "x">, Node<"spread", Dense<3>, "x">, Out<"mean", "spread">>;
#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"code", Encoder>, Node<"y", Dense<2>, "code.mena">, Out<"y", "code.spread">>;
#else
using Net = Graph<In<"x", 4>, Node<"code", Encoder>, Node<"y", Dense<2>, "code.mean">, Out<"y", "code.spread">>;
#endif

constexpr auto parameters = parameter_count<Net>;
constexpr auto input = input_shape<Net>::size;
constexpr auto entry = parameter_entry<Net, "y.weight">;
