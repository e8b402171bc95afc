// A layer of one input is given two. That is one error: neither what is inside the layer nor who reads it says
// more.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<6>{"twice"}>, tenon::Sequential<tenon::Graph<
// expect: tenon::takes<tenon::one_input>, tenon::but_gets<tenon::Inputs<tenon::Shape<3>, tenon::Shape<5>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/multiply.hpp>

using namespace tenon;

using Block = Graph<In<"x">, In<"t">, Node<"a", Dense<3>, "x">, Node<"b", Dense<3>, "t">,
                    Node<"ab", Multiply, "a", "b">, Out<"ab">>;
#ifdef TENON_WRONG
using Net = Graph<In<"x", 3>, In<"t", 5>, Node<"twice", Sequential<Block, Block>, "x", "t">, Node<"y", Dense<2>>,
                  Out<"y">>;
#else
using Net = Graph<In<"x", 3>, In<"t", 5>, Node<"twice", Repeat<2, Block>, "x", "t">, Node<"y", Dense<2>>, Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
