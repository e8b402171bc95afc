// Inputs that do not broadcast: the error names the node, both shapes and both that give them.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<2>{"y"}>, tenon::Multiply>, tenon::takes<tenon::two_or_more_inputs, tenon::of_shapes_that_broadcast>
// expect: tenon::but_gets<tenon::Inputs<tenon::Shape<2, 6>, tenon::Shape<3>>>
// expect: tenon::from_layers<tenon::from_input, tenon::from_layer<tenon::path<tenon::fixed_string<5>{"gate"}>, tenon::Dense<3>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/multiply.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 2, 6>, In<"label", 4>, Node<"gate", Dense<3>, "label">, Node<"y", Multiply, "x", "gate">,
                  Out<"y">>;
#else
using Net = Graph<In<"x", 2, 6>, In<"label", 4>, Node<"gate", Dense<2>, "label">, Node<"y", Multiply, "x", "gate">,
                  Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
