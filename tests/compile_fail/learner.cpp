// A layer that cannot be trained on a device is named.
// expect: cannot_run<tenon::layer<tenon::path<0, 1>, tenon::Upsample<2>>, tenon::learning_on_device>
#include <tenon/edge/learner.hpp>
#include <tenon/layers/conv2d.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/layers/relu.hpp>
#include <tenon/layers/upsample.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Net = Sequential<Input<1, 4, 4>, Sequential<Conv2D<2, 3>, Upsample<2>>, Flatten, Dense<2>>;
#else
using Net = Sequential<Input<1, 4, 4>, Sequential<Conv2D<2, 3>, ReLU>, Flatten, Dense<2>>;
#endif

constexpr std::size_t space = edge::Learner<Net, MeanSquaredError, PlainSGD>::ram_bytes;
