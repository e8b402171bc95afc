// A mistake inside a node has the node's name in its path.
// expect: tenon::shape_mismatch<tenon::layer<tenon::path<tenon::fixed_string<5>{"seen"}, 1>, tenon::Dense<10, 2>>, tenon::takes<tenon::Shape<10>>, tenon::but_gets<tenon::Shape<8>>, tenon::from_layer<tenon::path<tenon::fixed_string<5>{"seen"}, 0>, tenon::Dense<8>>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"seen", Sequential<Dense<8>, Dense<10, 2>>>, Out<"seen">>;
#else
using Net = Graph<In<"x", 4>, Node<"seen", Sequential<Dense<8>, Dense<8, 2>>>, Out<"seen">>;
#endif

constexpr auto parameters = parameter_count<Net>;
