// Two inputs of a sum are unlike: the error names the node, both shapes and both that give them.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<4>{"sum"}>, tenon::Add<>>, tenon::takes<tenon::two_or_more_inputs, tenon::of_one_shape>
// expect: tenon::but_gets<tenon::Inputs<tenon::Shape<3>, tenon::Shape<5>>>
// expect: tenon::from_layers<tenon::from_layer<tenon::path<tenon::fixed_string<2>{"a"}>, tenon::Dense<3>>, tenon::from_layer<tenon::path<tenon::fixed_string<2>{"b"}>, tenon::Dense<5>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"a", Dense<3>, "x">, Node<"b", Dense<5>, "x">, Node<"sum", Add<>, "a", "b">,
                  Node<"y", Dense<2>>, Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"a", Dense<3>, "x">, Node<"b", Dense<3>, "x">, Node<"sum", Add<>, "a", "b">,
                  Node<"y", Dense<2>>, Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
