#include <tenon/optim/adam.hpp>

#include <cmath>

#include "moments.hpp"

namespace tenon {

namespace {

using namespace optimizing;

using Step = detail::Update<parameter - param<"lr"> * first / (param<"scale"> * sqrt(second) + param<"eps">), first,
                            second>;

}  // namespace

template <class T>
void Adam::update(const OptimizerArrays<T, 2>& a, std::uint64_t step) const {
  const double t = static_cast<double>(step);
  const double corrected_lr = lr / (1 - std::pow(beta1, t));
  const double scale = 1 / std::sqrt(1 - std::pow(beta2, t));
  // in the order in which the formula first names them
  const std::array scalars{corrected_lr, beta1, 1 - beta1, weight_decay, scale, beta2, 1 - beta2, eps};
  Step::run(a.parameters, a.gradients, a.state, a.count, scalars);
}

template void Adam::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
template void Adam::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
