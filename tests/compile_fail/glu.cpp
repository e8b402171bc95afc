// GLU halves its input.
// expect: layer<tenon::path<1>, tenon::GLU>
// expect: takes<tenon::features_in_equal_chunks<2>>, tenon::but_gets<tenon::Shape<65>>
// expect: from_layer<tenon::path<0>, tenon::Dense<65>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/glu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<784>, Dense<65>, GLU>;
#else
using Net = Sequential<Input<784>, Dense<64>, GLU>;
#endif

constexpr auto parameters = parameter_count<Net>;
