// A block of several outputs gives what it takes, input for input, or it cannot be repeated.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<6>{"twice"}>, tenon::Repeat<2, tenon::Graph<
// expect: tenon::takes<tenon::Outputs<tenon::Shape<3>, tenon::Shape<5>>>
// expect: tenon::but_gets<tenon::Outputs<tenon::Shape<3>, tenon::Shape<3>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

template <std::size_t Width>
using Block = Graph<In<"x">, In<"t">, Node<"a", Dense<3>, "x">, Node<"b", Dense<Width>, "t">, Out<"a", "b">>;
#ifdef TENON_WRONG
constexpr std::size_t width = 3;
#else
constexpr std::size_t width = 5;
#endif
using Net = Graph<In<"x", 3>, In<"t", 5>, Node<"twice", Repeat<2, Block<width>>, "x", "t">,
                  Node<"y", Dense<2>, "twice.a">, Out<"y", "twice.b">>;

constexpr auto parameters = parameter_count<Net>;
