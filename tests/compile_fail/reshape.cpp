// A reshape neither adds nor drops numbers.
// expect: layer<tenon::path<1>, tenon::Reshape<1, 7, 7>>
// expect: takes<tenon::as_many_numbers_as<tenon::Shape<1, 7, 7>>>, tenon::but_gets<tenon::Shape<64>>
// expect: from_layer<tenon::path<0>, tenon::Dense<784, 64>>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/dropout.hpp>
#include <tenon/layers/relu.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<784, 64>, Reshape<1, 7, 7>>;
#else
using Net = Sequential<Dense<784, 64>, Reshape<1, 8, 8>>;
#endif

constexpr auto parameters = parameter_count<Net>;
