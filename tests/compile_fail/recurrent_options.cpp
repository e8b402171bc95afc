// Peepholes belong to LSTM.
// expect: invalid_layer
// expect: layer<tenon::path<0>, tenon::GRU<16,
// expect: takes<tenon::options_that_this_layer_has>
#include <tenon/net/networks.hpp>

#include <tenon/layers/gru.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<8, 5>, GRU<16, peepholes>>;
#else
using Net = Sequential<Input<8, 5>, GRU<16>>;
#endif

constexpr auto parameters = parameter_count<Net>;
