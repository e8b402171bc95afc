// Heads divide the width.
// expect: layer<tenon::path<0>, tenon::MultiheadAttention<5>>
// expect: takes<tenon::a_width_that_heads_divide<5>>, tenon::but_gets<tenon::Shape<16, 64>>
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<16, 64>, MultiheadAttention<5>>;
#else
using Net = Sequential<Input<16, 64>, MultiheadAttention<4>>;
#endif

constexpr auto parameters = parameter_count<Net>;
