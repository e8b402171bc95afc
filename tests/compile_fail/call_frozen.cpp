// A network all of whose layers are frozen.
// expect: nothing_to_learn<
#include <tenon/tenon.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = freeze<Sequential<Dense<64, 16>, ReLU, Dense<10>>, "0", "2">;
#else
using Net = freeze<Sequential<Dense<64, 16>, ReLU, Dense<10>>, "0">;
#endif

void run(Model<Net>& model, const Dataset<float>& data) { fit(model, data, Fit{.loss = CrossEntropy<from_logits>{}}); }
