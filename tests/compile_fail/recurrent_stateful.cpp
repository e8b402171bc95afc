// Who reads a sequence from its end cannot go on with the next piece.
// expect: invalid_layer
// expect: layer<tenon::path<0>, tenon::LSTM<16,
// expect: takes<tenon::stateful_without_mask_or_bidirectional>
#include <tenon/net/networks.hpp>

#include <tenon/layers/lstm.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<8, 5>, LSTM<16, stateful, bidirectional>>;
#else
using Net = Sequential<Input<8, 5>, LSTM<16, stateful>>;
#endif

constexpr auto parameters = parameter_count<Net>;
