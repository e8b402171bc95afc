// Two nodes with one layer are given inputs that need weights of different shapes: the error names the node, both
// shapes, whose parameters they are and who gives the other shape.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<6>{"right"}>, tenon::Sequential<tenon::Dense<3>, tenon::ReLU>>
// expect: tenon::takes<tenon::Shape<4>, tenon::with_the_parameters_of<tenon::node<tenon::fixed_string<5>{"left"}>>>
// expect: tenon::but_gets<tenon::Shape<2>>, tenon::from_layer<tenon::path<tenon::fixed_string<6>{"small"}>, tenon::Dense<2>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"small", Dense<2>, "x">, Node<"left", Sequential<Dense<3>, ReLU>, "x">,
                  Node<"right", Shared<"left">, "small">, Node<"y", Add<>, "left", "right">, Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"small", Dense<4>, "x">, Node<"left", Sequential<Dense<3>, ReLU>, "x">,
                  Node<"right", Shared<"left">, "small">, Node<"y", Add<>, "left", "right">, Out<"y">>;
// each step of a sequence and a vector need the same
using Steps = Graph<In<"x", 5, 4>, In<"z", 4>, Node<"a", Sequential<Dense<3>, ReLU>, "x">, Node<"b", Shared<"a">, "z">,
                    Out<"a", "b">>;
static_assert(parameter_count<Steps> == 15);
#endif

constexpr auto parameters = parameter_count<Net>;
