// A recurrent layer that states its features gets as many.
// expect: layer<tenon::path<1>, tenon::GRU<32, 16,
// expect: takes<tenon::sequences_of_steps_with_features<32>>, tenon::but_gets<tenon::Shape<8, 24>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<8, 5>, Dense<24>, GRU<32, 16, last>, Dense<10>>;
#else
using Net = Sequential<Input<8, 5>, Dense<32>, GRU<32, 16, last>, Dense<10>>;
#endif

constexpr auto parameters = parameter_count<Net>;
