#include <tenon/optim/lion.hpp>

namespace tenon {

namespace {

using namespace optimizing;

constexpr auto direction = param<"beta1"> * state<0> + param<"fresh1"> * grad;
constexpr auto momentum = param<"beta2"> * state<0> + param<"fresh2"> * grad;

using Step = detail::Update<param<"shrink"> * parameter - param<"lr"> * sign(direction), momentum>;

}  // namespace

template <class T>
void Lion::update(const OptimizerArrays<T, 1>& a, std::uint64_t) const {
  Step::run(a.parameters, a.gradients, a.state, a.count,
            std::array{1 - lr * weight_decay, lr, beta1, 1 - beta1, beta2, 1 - beta2});
}

template void Lion::update(const OptimizerArrays<float, 1>&, std::uint64_t) const;
template void Lion::update(const OptimizerArrays<double, 1>&, std::uint64_t) const;

}  // namespace tenon
