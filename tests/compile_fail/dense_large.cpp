// 2^32 times 2^32 numbers: the product of the sizes is 0 in 64 bits.
// expect: layer<tenon::path<0>, tenon::Dense<4294967296, 4294967296>>
// expect: takes<tenon::sizes_whose_product_memory_can_hold>
#include <tenon/net/networks.hpp>

#include <tenon/layers/dense.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<4294967296, 4294967296>>;
#else
using Net = Sequential<Dense<4096, 4096>>;
#endif

constexpr auto parameters = parameter_count<Net>;
