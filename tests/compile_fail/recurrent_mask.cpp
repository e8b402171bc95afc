// A mask is the number that padding consists of: mask<true> would be 1.
// expect: layer<tenon::path<0>, tenon::LSTM<16, tenon::option::Mask<true>
// expect: takes<tenon::options_that_this_layer_has>
#include <tenon/net/networks.hpp>

#include <tenon/layers/lstm.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<8, 5>, LSTM<16, mask<true>>>;
#else
using Net = Sequential<Input<8, 5>, LSTM<16, mask<0>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
