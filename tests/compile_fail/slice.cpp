// A slice does not reach beyond the end of its axis.
// expect: tenon::layer<tenon::path<0>, tenon::Slice<0, 12>>, tenon::takes<tenon::shapes_whose_axis<0, tenon::has_at_least<13>>>, tenon::but_gets<tenon::Shape<12, 4>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/slice.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<12, 4>, Slice<0, 12>, Dense<3>>;
#else
using Net = Sequential<Input<12, 4>, Slice<0, 8>, Dense<3>>;
#endif

constexpr auto parameters = parameter_count<Net>;
