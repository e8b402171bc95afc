#include <tenon/optim/nadam.hpp>

#include <cmath>

#include "moments.hpp"

namespace tenon {

namespace {

using namespace optimizing;

constexpr auto direction = param<"now"> * decayed + param<"next"> * first;

// The correction of v is in the other scalars: a formula has eight at most.
using Step = detail::Update<parameter - direction / (sqrt(second) + param<"eps">), first, second>;

struct Momentum {
  double now, next;  // mu_t and mu_t+1
  double product;    // M_t
};

/// The product is a sum over all steps in logarithms, but is nothing long before they are many.
Momentum momentum_at(double beta1, double momentum_decay, std::uint64_t step) {
  const double shrink = std::pow(0.96, momentum_decay);
  const auto mu = [&](std::uint64_t t) {
    return beta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * momentum_decay));
  };
  double product = 1, power = 1;
  for (std::uint64_t t = 1; t <= step && product > 1e-30; ++t) product *= beta1 * (1 - 0.5 * (power *= shrink));
  return {mu(step), mu(step + 1), product};
}

}  // namespace

template <class T>
void NAdam::update(const OptimizerArrays<T, 2>& a, std::uint64_t step) const {
  const Momentum mu = momentum_at(beta1, momentum_decay, step);
  const double root = std::sqrt(1 - std::pow(beta2, static_cast<double>(step)));
  const double now = lr * root * (1 - mu.now) / (1 - mu.product);
  const double next = lr * root * mu.next / (1 - mu.product * mu.next);
  const std::array scalars{now, weight_decay, next, beta1, 1 - beta1, beta2, 1 - beta2, eps * root};
  Step::run(a.parameters, a.gradients, a.state, a.count, scalars);
}

template void NAdam::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
template void NAdam::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
