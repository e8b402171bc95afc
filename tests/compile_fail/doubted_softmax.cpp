// Without TENON_STRICT what is hardly ever meant is a warning where the model is made, made an error here.
// expect: a Softmax reads a Softmax or is added to a Residual's input
// expect: TENON_STRICT
#include <tenon/model/model.hpp>

#include <tenon/layers/dense.hpp>
#include <tenon/layers/softmax.hpp>
#include <tenon/net/networks.hpp>

#pragma GCC diagnostic error "-Wdeprecated-declarations"

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Dense<64, 10>, Softmax, Softmax>;
#else
using Net = Sequential<Dense<64, 10>, Softmax, Dense<10>, Softmax>;
#endif

void run() { Model<Net> model{1}; }
