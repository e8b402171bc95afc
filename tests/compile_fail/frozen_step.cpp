// Steps come one after the other: nothing looks at those to come.
// expect: not_a_network_of_steps<
// expect: tenon::takes<tenon::a_network_of_sequences_in_which_no_step_sees_a_later_one> >
#include <tenon/edge/frozen_step.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/gru.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<50, 3>, GRU<8, bidirectional>, Dense<2>>;
#else
using Net = Sequential<Input<50, 3>, GRU<8>, Dense<2>>;
#endif

static_assert(FrozenStep<Net>::ram_bytes <= 4096);
