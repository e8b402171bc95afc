// Branches of a sum have to give the same shape.
// expect: layer<tenon::path<1>, tenon::Add<tenon::Dense<32>, tenon::Dense<48>>>
// expect: takes<tenon::Shape<32>>, tenon::but_gets<tenon::Shape<48>>
// expect: from_layer<tenon::path<1, 1>, tenon::Dense<48>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Add<Dense<32>, Dense<48>>>;
#else
using Net = Sequential<Dense<784, 64>, Add<Dense<32>, Dense<32>>>;
#endif

constexpr auto parameters = parameter_count<Net>;
