#include <tenon/optim/adadelta.hpp>

namespace tenon {

namespace {

using namespace optimizing;

constexpr auto decayed = grad + param<"weight_decay"> * parameter;
constexpr auto square_mean = param<"rho"> * state<0> + param<"fresh"> * (decayed * decayed);
constexpr auto delta = sqrt(state<1> + param<"eps">) / sqrt(square_mean + param<"eps">) * decayed;
constexpr auto delta_mean = param<"rho"> * state<1> + param<"fresh"> * (delta * delta);

using Step = detail::Update<parameter - param<"lr"> * delta, square_mean, delta_mean>;

}  // namespace

template <class T>
void Adadelta::update(const OptimizerArrays<T, 2>& a, std::uint64_t) const {
  Step::run(a.parameters, a.gradients, a.state, a.count, std::array{lr, eps, rho, 1 - rho, weight_decay});
}

template void Adadelta::update(const OptimizerArrays<float, 2>&, std::uint64_t) const;
template void Adadelta::update(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
