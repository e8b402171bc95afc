// A layer of one input is told to read two.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<2>{"y"}>, tenon::Dense<2>>, tenon::takes<tenon::one_input>, tenon::but_gets<tenon::Inputs<tenon::Shape<3>, tenon::Shape<3>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"a", Dense<3>, "x">, Node<"b", Dense<3>, "x">, Node<"y", Dense<2>, "a", "b">,
                  Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"a", Dense<3>, "x">, Node<"b", Dense<3>, "x">, Node<"ab", Concat<>, "a", "b">,
                  Node<"y", Dense<2>>, Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
