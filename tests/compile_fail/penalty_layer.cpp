// A gradient penalty has no second derivative of batch normalisation.
// expect: cannot_run<tenon::layer<tenon::path<1>, tenon::BatchNorm1D<> >, tenon::along_a_direction>
#include <tenon/tenon.hpp>
#include <tenon/train/gradient_penalty.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Critic = Sequential<Dense<3, 8>, BatchNorm1D<>, Tanh, Dense<1>>;
#else
using Critic = Sequential<Dense<3, 8>, Tanh, Dense<1>>;
#endif

void run(Model<Critic>& critic) { GradientPenalty smooth{critic, 4}; }
