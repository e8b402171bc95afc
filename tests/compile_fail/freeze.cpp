// A part that is to be frozen exists.
// expect: no_part<tenon::asked<
// expect: "encoder"
#include <tenon/tenon.hpp>

using namespace tenon;

using Net = Sequential<Named<"features", Sequential<Dense<4, 3>, ReLU>>, Dense<2>>;

#ifdef TENON_WRONG
using Tuned = freeze<Net, "encoder">;
#else
using Tuned = freeze<Net, "features">;
#endif

constexpr auto parameters = parameter_count<Tuned>;
