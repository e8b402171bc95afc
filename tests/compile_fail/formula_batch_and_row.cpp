// A formula looks at one sample or at the whole batch.
// expect: layer<tenon::path<1>,
// expect: takes<tenon::reductions_over_the_sample_or_over_the_batch_not_both>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/map.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<784>, Dense<64>, Map<(x - mean(x)) / sqrt(batch_variance(x) + 1)>>;
#else
using Net = Sequential<Input<784>, Dense<64>, Map<(x - batch_mean(x)) / sqrt(batch_variance(x) + 1)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
