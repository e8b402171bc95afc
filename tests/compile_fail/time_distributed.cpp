// A layer in TimeDistributed takes every step.
// expect: layer<tenon::path<0>, tenon::TimeDistributed<tenon::Conv2D<2, 4, 3>>>
// expect: takes<tenon::sequences_of_steps<tenon::takes<tenon::channels<2>>>>
// expect: tenon::but_gets<tenon::Shape<5, 1, 8, 8>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/time_distributed.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<5, 1, 8, 8>, TimeDistributed<Conv2D<2, 4, 3>>>;
#else
using Net = Sequential<Input<5, 2, 8, 8>, TimeDistributed<Conv2D<2, 4, 3>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
