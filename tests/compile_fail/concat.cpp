// Branches that are joined have to agree in all axes but the outermost.
// expect: layer<tenon::path<1>, tenon::Concat<tenon::Reshape<4, 4, 4>, tenon::Reshape<8, 8>>>
// expect: takes<tenon::joinable_with<tenon::Shape<4, 4, 4>>>, tenon::but_gets<tenon::Shape<8, 8>>
// expect: from_layer<tenon::path<1, 1>, tenon::Reshape<8, 8>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Concat<Reshape<4, 4, 4>, Reshape<8, 8>>>;
#else
using Net = Sequential<Dense<784, 64>, Concat<Reshape<4, 4, 4>, Reshape<4, 4, 4>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
