#include <tenon/optim/sgd.hpp>

namespace tenon {

namespace {

using namespace optimizing;

constexpr auto lr = param<"lr">;
constexpr auto momentum = param<"momentum">;
constexpr auto fresh = param<"fresh">;  // 1 - dampening, and 1 in the first step
constexpr auto decayed = grad + param<"weight_decay"> * parameter;
constexpr auto velocity = momentum * state<0> + fresh * decayed;

using Plain = detail::Update<parameter - lr * decayed>;
using Momentum = detail::Update<parameter - lr * velocity, velocity>;
using Nesterov = detail::Update<parameter - lr*(decayed + momentum * velocity), velocity>;

}  // namespace

template <class T>
void SGD::update(const OptimizerArrays<T, 1>& a, std::uint64_t step) const {
  if (momentum == 0) {
    Plain::run(a.parameters, a.gradients, {}, a.count, std::array{lr, weight_decay});
    return;
  }
  const double fresh = step == 1 ? 1.0 : 1 - dampening;
  if (nesterov)
    Nesterov::run(a.parameters, a.gradients, a.state, a.count, std::array{lr, weight_decay, momentum, fresh});
  else Momentum::run(a.parameters, a.gradients, a.state, a.count, std::array{lr, momentum, fresh, weight_decay});
}

template void SGD::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
template void SGD::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
