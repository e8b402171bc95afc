// Dense takes no image: somebody forgot to flatten it.
// expect: layer<tenon::path<0>, tenon::Dense<10>>
// expect: takes<tenon::a_vector_or_a_sequence>, tenon::but_gets<tenon::Shape<1, 28, 28>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 28, 28>, Dense<10>>;
#else
using Net = Sequential<Input<1, 28, 28>, Flatten, Dense<10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
