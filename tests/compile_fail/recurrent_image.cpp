// A recurrent layer takes sequences, not images.
// expect: layer<tenon::path<1>, tenon::LSTM<16>>
// expect: takes<tenon::sequences_of_steps_features>, tenon::but_gets<tenon::Shape<1, 8, 8>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/last.hpp>
#include <tenon/layers/lstm.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/reshape.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 8, 8>, ReLU, LSTM<16>, Last, Dense<10>>;
#else
using Net = Sequential<Input<1, 8, 8>, ReLU, Reshape<8, 8>, LSTM<16>, Last, Dense<10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
