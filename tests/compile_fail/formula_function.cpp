// A function cannot be looked into, and so it cannot be derived.
// expect: layer<tenon::path<1>, tenon::Map<
// expect: takes<tenon::a_formula_such_as<tenon::fixed_string<15>{"x * sigmoid(x)"}>>
#include <tenon/net/networks.hpp>

#include <tenon/all/layers.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<6, 5>, Map<[](double v) { return 2 * v; }>>;
#else
using Net = Sequential<Dense<6, 5>, Map<2 * relu(x)>>;
#endif

constexpr auto parameters = parameter_count<Net>;
