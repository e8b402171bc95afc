// Within Masked nothing mixes padding into the steps that are there: whoever reads all steps reads the mask.
// expect: mixes_padding_in<tenon::layer<tenon::path<0, 1>, tenon::GlobalAvgPool>
// expect: tenon::may_be<tenon::a_layer_that_works_step_by_step_or_reads_the_mask>, tenon::but_gets<tenon::Shape<8, 4> >, tenon::write<
// expect: "MeanSteps, or Masked around less"
#include <tenon/net/networks.hpp>
#include <tenon/networks/transformer.hpp>

#include <tenon/layers/global_avg_pool.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<8>, Masked<0, Embedding<20, 4>, GlobalAvgPool>, Dense<2>>;
#else
using Net = Sequential<Input<8>, Masked<0, Embedding<20, 4>, MeanSteps>, Dense<2>>;
#endif

constexpr auto parameters = parameter_count<Net>;
