#include <tenon/optim/rmsprop.hpp>

namespace tenon {

namespace {

using namespace optimizing;

constexpr auto decayed = grad + param<"weight_decay"> * parameter;
constexpr auto square_mean = param<"alpha"> * state<0> + param<"fresh"> * (decayed * decayed);
constexpr auto plain = decayed / (sqrt(square_mean) + param<"eps">);
constexpr auto velocity = param<"momentum"> * state<1> + plain;
// rounding may bring the variance of a constant gradient below zero
constexpr auto gradient_mean = param<"alpha"> * state<2> + param<"fresh"> * decayed;
constexpr auto variance = max(square_mean - gradient_mean * gradient_mean, 0);
constexpr auto centered_velocity = param<"momentum"> * state<1> + decayed / (sqrt(variance) + param<"eps">);

using Plain = detail::Update<parameter - param<"lr"> * plain, square_mean>;
using Momentum = detail::Update<parameter - param<"lr"> * velocity, square_mean, velocity>;
using Centered = detail::Update<parameter - param<"lr"> * centered_velocity, square_mean, centered_velocity,
                                gradient_mean>;

}  // namespace

template <class T>
void RMSprop::update(const OptimizerArrays<T, 3>& a, std::uint64_t) const {
  if (centered)
    Centered::run(a.parameters, a.gradients, a.state, a.count,
                  std::array{lr, momentum, weight_decay, alpha, 1 - alpha, eps});
  else if (momentum != 0)
    Momentum::run(a.parameters, a.gradients, {a.state[0], a.state[1]}, a.count,
                  std::array{lr, momentum, weight_decay, alpha, 1 - alpha, eps});
  else
    Plain::run(a.parameters, a.gradients, {a.state[0]}, a.count, std::array{lr, weight_decay, alpha, 1 - alpha, eps});
}

template void RMSprop::update(const OptimizerArrays<float, 3>&, std::uint64_t) const;
template void RMSprop::update(const OptimizerArrays<double, 3>&, std::uint64_t) const;

}  // namespace tenon
