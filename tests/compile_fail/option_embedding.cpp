// An embedding has no bias.
// expect: layer<tenon::path<0>, tenon::Embedding<30, 8,
// expect: no_option_such_as<tenon::fixed_string<12>{"bias<false>"}>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<6>, Embedding<30, 8, bias<false>>>;
#else
using Net = Sequential<Input<6>, Embedding<30, 8, padding_idx<0>, init<Normal<0.0, 0.1>>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
