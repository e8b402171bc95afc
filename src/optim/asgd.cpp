#include <tenon/optim/asgd.hpp>

#include <algorithm>
#include <cmath>

namespace tenon {

namespace {

using namespace optimizing;

constexpr auto decayed = grad + param<"weight_decay"> * parameter;
constexpr auto moved = param<"shrink"> * parameter - param<"eta"> * decayed;

using Step = detail::Update<moved, param<"old"> * state<0> + param<"mu"> * moved>;

}  // namespace

template <class T>
void ASGD::update(const OptimizerArrays<T, 1>& a, std::uint64_t step) const {
  const double before = static_cast<double>(step - 1);
  const double eta = lr / std::pow(1 + lambd * lr * before, alpha);
  const double mu = 1 / std::max(1.0, before - t0);
  Step::run(a.parameters, a.gradients, a.state, a.count, std::array{1 - lambd * eta, eta, weight_decay, 1 - mu, mu});
}

template void ASGD::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
template void ASGD::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
