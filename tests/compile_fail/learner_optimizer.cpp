// So is an optimizer that has no code there.
// expect: no_code_on_device<tenon::Lion, tenon::takes<tenon::edge::PlainSGD_or_SGD_or_Adam>>
#include <tenon/edge/learner.hpp>
#include <tenon/layers/dense.hpp>
#include <tenon/losses/mean_squared_error.hpp>
#include <tenon/net/networks.hpp>
#include <tenon/optim/lion.hpp>

using namespace tenon;

#ifdef TENON_WRONG
using Method = Lion;
#else
using Method = Adam;
#endif

constexpr std::size_t space = edge::Learner<Sequential<Dense<3, 2>>, MeanSquaredError, Method>::ram_bytes;
