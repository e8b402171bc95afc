// Tokens come from outside: through an embedding no layer before it learns.
// expect: layer<tenon::path<2>, tenon::Embedding<30, 8>>
// expect: takes<tenon::tokens_of_the_input>, tenon::but_gets<tenon::learned_numbers>, tenon::from_layer<tenon::path<0>, tenon::Dense<6, 5>>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, ReLU, Embedding<30, 8>, Last>;
#else
using Net = Sequential<Input<2, 3>, Flatten, Embedding<30, 8>, Last>;
#endif

constexpr auto parameters = parameter_count<Net>;
