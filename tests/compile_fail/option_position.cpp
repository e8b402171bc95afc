// Positions have an initialiser and nothing else.
// expect: layer<tenon::path<1>, tenon::LearnedPositionalEmbedding<
// expect: no_option_such_as<tenon::fixed_string<3>{"64"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<6>, Embedding<30, 8>, LearnedPositionalEmbedding<64>>;
#else
using Net = Sequential<Input<6>, Embedding<30, 8>, LearnedPositionalEmbedding<init<Normal<0.0, 0.1>>>,
                       SinusoidalPositionalEncoding<>>;
#endif

constexpr auto parameters = parameter_count<Net>;
