// Behind a change of the number of steps the mask is of steps that are no longer there.
// expect: lost_mask<tenon::layer<tenon::path<0, 2>, tenon::MultiheadAttention<2> >
// expect: tenon::takes<tenon::the_steps_that_the_mask_is_of>, tenon::but_gets<tenon::Shape<6, 8> >
#include <tenon/net/networks.hpp>
#include <tenon/networks/transformer.hpp>

#include <tenon/layers/slice.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<8>, Masked<0, Embedding<20, 8>, Slice<0, 2>, MultiheadAttention<2>>>;
#else
using Net = Sequential<Input<8>, Masked<0, Embedding<20, 8>, MultiheadAttention<2>, Slice<0, 2>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
