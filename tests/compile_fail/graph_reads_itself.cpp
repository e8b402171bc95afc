// A node reads its own output.
// expect: tenon::reads_itself<tenon::node<tenon::fixed_string<6>{"state"}>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Graph<In<"x", 4>, Node<"state", Add<>, "x", "state">, Out<"state">>;
#else
using Net = Graph<In<"x", 4>, Node<"state", Add<>, "x", "x">, Out<"state">>;
#endif

constexpr auto parameters = parameter_count<Net>;
