#include <tenon/optim/lamb.hpp>

#include <cmath>

namespace tenon {

template <class T>
void Lamb::update_one(const OptimizerArrays<T, 2>& a, std::uint64_t step) const {
  const double t = static_cast<double>(step);
  const auto first = static_cast<T>(1 / (1 - std::pow(beta1, t))),
             root = static_cast<T>(1 / std::sqrt(1 - std::pow(beta2, t)));
  const auto b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2), n1 = static_cast<T>(1 - beta1),
             n2 = static_cast<T>(1 - beta2);
  const auto e = static_cast<T>(eps), decay = static_cast<T>(weight_decay);
  T *const m = a.state[0], *const v = a.state[1], *const p = a.parameters;
  // the direction is computed twice: it needs no memory, and the norm of it comes first
  const auto direction = [&](std::size_t i) { return first * m[i] / (root * std::sqrt(v[i]) + e) + decay * p[i]; };
  double of_p = 0, of_u = 0;
  for (std::size_t i = 0; i < a.count; ++i) {
    const T g = a.gradients[i];
    m[i] = b1 * m[i] + n1 * g;
    v[i] = b2 * v[i] + n2 * g * g;
    const T u = direction(i);
    of_p += static_cast<double>(p[i]) * static_cast<double>(p[i]);
    of_u += static_cast<double>(u) * static_cast<double>(u);
  }
  const double ratio = of_p > 0 && of_u > 0 ? std::sqrt(of_p / of_u) : 1;
  const auto rate = static_cast<T>(lr * ratio);
  for (std::size_t i = 0; i < a.count; ++i) p[i] -= rate * direction(i);
}

template void Lamb::update_one(const OptimizerArrays<float, 2>&, std::uint64_t) const;
template void Lamb::update_one(const OptimizerArrays<double, 2>&, std::uint64_t) const;

}  // namespace tenon
