// The functions of <cmath> are for numbers. clang drops a type that is wrong, and says twice that it is not there.
// errors-clang: 3
// expect: a_number_and_no_formula<
// expect: exp(x), not std::exp(x)
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

#include <cmath>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<1 / (1 + std::exp(-x))>>;
#else
using Net = Sequential<Dense<6, 5>, Map<1 / (1 + exp(-x))>>;
#endif

constexpr auto parameters = parameter_count<Net>;
