// Two nodes of one name.
// expect: tenon::name_used_twice<tenon::path<tenon::fixed_string<2>{"h"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"h", Dense<3>>, Node<"h", ReLU>, Node<"y", Dense<2>>, Out<"y">>;
#else
using Net = Graph<In<"x", 4>, Node<"h", Dense<3>>, Node<"r", ReLU>, Node<"y", Dense<2>>, Out<"y">>;
#endif

constexpr auto parameters = parameter_count<Net>;
