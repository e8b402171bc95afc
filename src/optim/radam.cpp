#include <tenon/optim/radam.hpp>

#include <cmath>

#include "moments.hpp"

namespace tenon {

namespace {

using namespace optimizing;

using Early = detail::Update<parameter - param<"lr"> * first, first, second>;
using Rectified = detail::Update<parameter - param<"lr"> * first / (sqrt(second) + param<"eps">), first, second>;

}  // namespace

template <class T>
void RAdam::update(const OptimizerArrays<T, 2>& a, std::uint64_t step) const {
  const double t = static_cast<double>(step);
  const double power = std::pow(beta2, t);
  const double limit = 2 / (1 - beta2) - 1;
  const double length = limit - 2 * t * power / (1 - power);
  const double corrected_lr = lr / (1 - std::pow(beta1, t));
  if (length > 5) {
    const double rectified = std::sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length) *
                                       (1 - power));
    Rectified::run(a.parameters, a.gradients, a.state, a.count,
                   std::array{corrected_lr * rectified, beta1, 1 - beta1, weight_decay, beta2, 1 - beta2, eps});
  } else {
    Early::run(a.parameters, a.gradients, a.state, a.count,
               std::array{corrected_lr, beta1, 1 - beta1, weight_decay, beta2, 1 - beta2});
  }
}

template void RAdam::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
template void RAdam::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
