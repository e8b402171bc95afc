// Backward of RNN knows its nonlinearity by its value alone: SiLU gives some values twice.
// expect: invalid_layer
// expect: layer<tenon::path<0>, tenon::RNN<16,
// expect: takes<tenon::a_nonlinearity_whose_slope_follows_from_its_value>
#include <tenon/net/networks.hpp>

#include <tenon/layers/relu.hpp>
#include <tenon/layers/rnn.hpp>
#include <tenon/layers/silu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<8, 5>, RNN<16, nonlinearity<SiLU>>>;
#else
using Net = Sequential<Input<8, 5>, RNN<16, nonlinearity<ReLU>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
